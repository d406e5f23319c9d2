"""How coded columns are recognised, as data: standard codes (CIN census, SSD, SSDA903) and the words of their labels.

Written from the code lists of the standards (SSD, Annex A, CIN census) and checked against spellings seen in real returns. A pattern stands
here only if it leaves no doubt; a word that two codes share (nursery: school or education service?) is not in it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from caseclock.extracts.code_columns import CodedColumn, codes_of, standard_at, words_of

UNKNOWN = r"(?:[a-z] )?(?:not (?:known|recorded|stated|specified|applicable)|unknown|unkown|unspecified|nk|nan|n a|null|none)"
_UNKNOWN = re.compile(UNKNOWN)
_NEVER = re.compile(r"(?!)")

SOURCE = CodedColumn(
    codes=codes_of("1A 1B 1C 1D 2A 2B 3A 3B 3C 3D 3E 3F 4 5A 5B 5C 5D 6 7 8 9 10"),
    groups=("1", "3", "5"),
    family=lambda code: code if code == "10" else code[0],
    standard=standard_at(r"1[A-D]|2[AB]|3[A-F]|5[A-D]|4|6|7|8|9|10"),
    nothing=_NEVER,
    titles=("Contact Source",),
    words=words_of(
        r"\bnot mapped\b ->",
        r"\banon(ymous)?\b.*\b(unknown|known)\b|\bunknown\b.*\banon ->",
        r"^(cs |unk )?anon(ymous)?$|^(individuals?|anon|v adult|unk) anon(ymous)?$ -> 9",
        r"^(unknown |cs )?(unknown|unkown|not known|not recorded|nk)( (unknown|not known|not recorded))?$"
        r"|^unknown .*name not given -> 10",
        # individuals
        r"^(cs |cyp |ind |individuals? |other )*self( referral)?( in person)?$|^self (self referral|individual self)$"
        r"|^individual self\b -> 1C",
        r"^individuals?\b.*\b(acquaint|aqu?aint|acquint)|^ind acquaint|^acquaintance|^cyp individual acquaint -> 1B",
        r"^(cs )?(individuals?|ind)\b.*\bfamily member\b|^family member relative|^individual family relative carer|^individuals? carer$"
        r"|^ind parent carer -> 1A",
        r"^(cs |otherind )?(individuals?|ind)\b.*\b(other|strangers?|mps?|public)\b|^other (individuals?\b.*\bmps?|including strangers?)"
        r"|^member of (the )?public$|^stranger\b -> 1D",
        r"^(parents?|carers?|parents? carers?|mother|father|brother|sister|aunt|uncle|niece|nephew|grand(mother|father"
        r"|parents?|son|daughter)|"
        r"son|daughter|husband|wife|step (mother|father)|relatives?|family|family (member|relatives?)|brother sister|family relative|"
        r"family (biological )?parent( carer)?|relative (partner|house member))$ -> 1A",
        r"^(friend|neighbour|neighbour friend|friend neighbour)$ -> 1B",
        r"^(cs )?individuals?\b|^a individual -> 1",
        # health, before schools (school nurse) and before the council (mental health social work)
        r"\bhealth visit -> 3B",
        r"\bschool nurs(e|es|ing)\b -> 3C",
        r"^(cs )?(health|med|3a)\b.*\b(gps?|gen(eral)? pract\w*)\b(?!.*(nurse|any|o t))|^(on call )?gps?( practice| surgery)?$"
        r"|^general practitioner$|^g p surgery$|^primary health gp$ -> 3A",
        r"\b(health|hospital|primary health)\b.*\b(a and e|a e|accident and emergency|emergency dep\w*)\b(?<!not a and e)"
        r"|^a and e( emergency dept?(artment)?)?$|^accident (and|or|) ?emergency$|^casualty$ -> 3E",
        r"\bother primary\b.*\bhealth|\bhealth( services?)?\b.*\bother( a)? primary|^other primary health -> 3D",
        r"\bhealth( services?)?\b.*\bother\b.*\bhospice|^other health services?\b|^hospice$ -> 3F",
        r"^(cs |cyp |d )*(health|hospital|nhs|camhs|ambulance|midwi\w+|community (midwife|nurse|paediatric\w*|health)|"
        r"(adult )?mental health( services?)?|paediatrician|nurse|community mental health|clinic|dentist|maternity|"
        r"(north|london|yorkshire|nwas)\b.*\bambulance)\b -> 3",
        # education
        r"\bschools?\b.*\bearly years settings|\beducation dept school ->",
        r"^(cs |cyp |edu )?education\b.*\b(not school|not school based|excluding schools|welfare|other|psycholog|services?$"
        r"|services? (excl|sen))"
        r"|^other education|^education( services?| department| dept)?$|^education support services|^(cyp|f|c) education services?$ -> 2B",
        r"^(cs |cyp |edu |education |education services |academy )*(primary |secondary |special |academy )*schools?$"
        r"|^(primary|secondary|special) schools?\b|^schools?( (primary|secondary|and colleges))?$ -> 2A",
        r"\beducation\b.*(?<!pre )\bschools?\b(?!.*(not|excl)) -> 2A",
        # the council
        r"^(la|local authority)( services?| department)?\b.*\b(external|other local authority|another (la|local))"
        r"|^external\b.*\banother l"
        r"|^other (la|local authority)$|^(social care )?other la$|^5c -> 5C",
        r"^(la|local authority|other)( services?| department| dept)?\b.*\b(other )?internal\b|^other internal\b|^(la"
        r"|other)\b.*\bother than social"
        r"|^(la|local authority)\b.*\b(youth offend\w*|yo[ts])$|^(yot|yos|youth offending( (service|team))?"
        r"|youth justice service)$ -> 5B",
        r"^(la|local authority)( services?)?\b.*\bearly help\b(?!.*not)|^early help( (services?|team|and prevention))?$ -> 5D",
        r"^(la|local authority)( services?)?\b.*\bsocial (care|services)\b|^(adults? |childrens? )?social (care"
        r"|services)( (team|staff|adults?|children))?$"
        r"|^(emergency duty (team|service)|edt|social worker)$ -> 5A",
        r"^(cs )?(la|local authority) services?\b(?!.*(housing|hsc|legal|mat$)) -> 5",
        # the rest
        r"^(cs |la |local authority |council |other )?housing\b(?!.*(staff|social care|youth off))|^la hous\w* dep\w* -> 4",
        r"\bpolice\b.*\b(probation|immigration|yot)\b|\b(probation|court\w*|emergency protection)\b.*\bpolice\b ->",
        r"\bpolice\b -> 6",
        r"\blegal agency\b(?!.*children)|^(cs |leg |legal |other )*(family )?(courts?|cafcass|probation|prisons?|immigration"
        r"|solicitors?)\b"
        r"(?!.*police) -> 7",
        r"^(cs |oth )?other( source)?( e? ?g| eg| inc\w*)?( ind\w*| the)? ?(child\w*|voluntary|vol|independent|agency)\b"
        r"|^(source )?other$"
        r"|^(voluntary (agency|agencies|organisations?|sector)|nspcc|n s p c c)$|^8 other -> 8",
    ),
)

_N = r"N\s?[0-9]"
NEED = CodedColumn(
    codes=frozenset(f"N{n}" for n in range(10)),
    standard=(re.compile(r"(?<![A-Za-z0-9])(N[0-9])(?:[a-z]|S[A-J])?(?![A-Za-z0-9])", re.IGNORECASE),),
    nothing=re.compile(r"nan|null|none"),
    titles=("Primary Need Code", "Child's Category of Need"),
    words=words_of(
        r"\bnot mapped\b ->",
        r"^(c f |cin |due to |\w+ )?abuse (or )?neglect\b|^abuse$|^(children in need as a result of).*abuse -> N1",
        r"^(c f |\w+ )?child(s|rens)? disab\w*\b|^(child with|disabled child)|^cin disability$|^disab\w* child"
        r"|^children and their families whose "
        r"main need .*disabilities|^disability$ -> N2",
        r"^(c f |\w+ |cin |due to )?parent(s|al)? ?(illness|disab)|^children whose main need.*parents or carers -> N3",
        r"^(c f |\w+ |cin |due to )?family in acc?ute (di)?stress -> N4",
        r"^(c f |\w+ |cin |due to )?(family|families in) dysfunction -> N5",
        r"^(c f |\w+ |cin |due to )?social(ly)? unacceptable behaviour|^c f unacceptable behaviour -> N6",
        r"^(c f |\w+ |cin |due to )?(family with )?low income\b -> N7",
        r"^(c f |\w+ |cin |due to )?absent parent -> N8",
        r"^(c f |\w+ |cin )?cases? other than child|^(c f |ch case )?not (child in need|cin)$|^not cin -> N9",
        r"^(need code )?not (stated|recorded|specified)$|^(unknown|need code not stated|no need code recorded)$ -> N0",
    ),
)

CLOSURE = CodedColumn(
    codes=frozenset(f"RC{n}" for n in range(1, 10)),
    standard=(
        *standard_at(r"RC[1-9]", before=r"(?:[a-z]{1,2}\d?\)\s*)?['‘]?"),
        re.compile(r"^(RC[1-9])[a-c](?!\w)", re.IGNORECASE),
    ),
    nothing=_UNKNOWN,
    titles=("Reason for Closure",),
    words=words_of(
        r"^(cin |childrens |child |client )*(died|deceased|death)$ -> RC2",
        r"^(cin |childrens |child )*(adopted\b(?!.*not)|adoption order granted$) -> RC1",
        r"^(cin |childrens |assisted )*((residence|child arrangements?) order)( granted)?$ -> RC3",
        r"^(cin |childrens |case closed )*special (guardianship|gship) order\b -> RC4",
        r"\b(transferr?(ed)?|moved) to (the )?(services of |serivces of )?(an)?other (la|local authority)$ -> RC5",
        r"\btransferr?(ed)? to adult\b -> RC6",
        r"(services ceased|closed) for any other reasons?\b|^other incl child no longer in need$|^any other reason -> RC7",
        r"\bearly help\b.*\bclosed after assessment\b ->",
        r"\bclosed after assessment\b.*\bearly help\b -> RC9",
        r"\bclosed (directly |immediately )?after (initial or continuous )?assessment\b ?(no further action|nfa|no action taken)?$"
        r"|^child (deemed )?not (to be )?in need after assessment -> RC8",
    ),
)

SEX = CodedColumn(
    codes=frozenset(("M", "F")),
    standard=(),
    nothing=re.compile(
        UNKNOWN
        + r"|(?:[a-z] |[09] )?(?:[09]|i|u|x|indeterminate.*|gender un\w+|not (?:known|stated|recorded|specified).*|unborn.*|unknown.*|"
        r"neither|withheld|non binary|trans.*|gender dysphoria|unable to classify|unspecified)"
    ),
    titles=("Gender", "Sex"),
    words=words_of(r"^([a-b1] )?(male|m)$|^1$ -> M", r"^([a-b2] )?(female|f)$|^2$ -> F"),
)

_YES = r"(?:(?:a|1|01) )?(?:y|yes|true|t|1)"
_NO = r"(?:(?:b|0|00) )?(?:n|no|false|f|0)"


def _flag(*lines: str, titles: tuple[str, ...], yes: str = _YES, no: str = _NO, nothing: str = "") -> CodedColumn:
    unknown = re.compile(rf"{UNKNOWN}|u{'|' + nothing if nothing else ''}")
    return CodedColumn(frozenset("YN"), (), words_of(*lines, rf"^{yes}$ -> Y", rf"^{no}$ -> N"), titles, unknown)


NFA = _flag(
    # the answer beside the question decides, not its first word
    r"^(referral )?(nfa|no further action)( required)? (y|yes|true|1)$ -> Y",
    r"^(referral )?(nfa|no further action)( required)? (n|no|false|0)$ -> N",
    r"^(nfa|no further action)$ -> Y",
    r"^(fa|further action)$ -> N",
    titles=("Referral NFA?", "Referral NFA"),
)
SEEN = _flag(
    r"^(child )?(not seen|not seen alone)$ -> N",
    r"^(child )?seen( alone)?$ -> Y",
    titles=("Child Seen During Continuous Assessment",),
    nothing="unborn",
)
SEEN_ALONE = _flag(
    r"^(child )?(not seen|not seen alone|seen not alone)$ -> N",
    r"^(child )?seen alone$ -> Y",
    titles=("Was the Child Seen Alone?",),
    nothing="unborn|no visit.*",
)
UNNECESSARY = _flag(titles=("Was an Initial Child Protection Conference deemed unnecessary?",))
OUTCOME_CP = _flag(titles=("Did the Initial Child Protection Conference Result in a Child Protection Plan",))
IN_TOUCH = _flag(
    r"^(?:a |01 |1 )?yes( (resident in the uk|gone abroad))$ -> Y",
    r"^(?:b |0?[2-5] |0 )?no( (resident in the uk|residence not known|gone abroad))$ -> N",
    r"^in touch$ -> Y",
    r"^not in touch$ -> N",
    titles=("LA in Touch",),
    # They refused contact, asked for none, went home for good or died: neither in touch nor out of it
    nothing=r"(?:[c-f] |\d+ )?(?:refu|refused|nreq|rhom|died.*|exclude|young person (?:refuses|no longer|returned).*"
    r"|returned (?:to parents|home).*|"
    r"residence not known|care leaver details not recorded|no contact recorded|no care leaver details.*)",
)

STATUS = CodedColumn(
    codes=frozenset(("cla", "cp", "cin", "assessment", "closed")),
    standard=(),
    nothing=_UNKNOWN,
    titles=("Case Status",),
    words=words_of(
        r"^(a )?(looked after( child)?|lac|cla|cla and cpp?|cla cpp?|cpp? (and )?(cla|lac)|children? (looked after|in care))$ -> cla",
        r"^(b )?(child protection( plan)?|cpp?( ext| plan)?)$ -> cp",
        r"^(c )?(child in need( plan)?|cin( plan)?)$ -> cin",
        r"^(d )?(open (assessment|asmt)|assessment|(c and f|cf|c f) assessment in progress)$ -> assessment",
        r"^(e )?closed( (episode|case|assessment|referral|stepdown|step down))?$ -> closed",
    ),
)

ELIGIBILITY = CodedColumn(
    codes=frozenset(("relevant", "former_relevant", "qualifying", "eligible", "other")),
    standard=(),
    nothing=_UNKNOWN,
    titles=("Eligibility Category",),
    words=words_of(
        r"^qualifying former ->",
        r"^(care leaver |b )?former relevant( child)?( \d\d \d\d)?$|^fr$ -> former_relevant",
        r"^(a )?relevant( child)?$ -> relevant",
        r"^(c )?qualifying( (care leaver|child))?$ -> qualifying",
        r"^(d |other )?eligible( child)?$ -> eligible",
        r"^(e )?other$ -> other",
    ),
)

LEGAL = CodedColumn(
    codes=codes_of("C1 C2 D1 E1 J1 J2 J3 L1 L2 L3 V2 V3 V4"),
    groups=("J", "L"),
    family=lambda code: code[0],
    standard=standard_at(r"C[12]|D1|E1|J[123]|L[123]|V[234]", before=r"(?:CLA - |[a-z]{1,2}\d?\)\s*)?['‘]?"),
    nothing=_UNKNOWN,
    titles=("Child's Legal Status",),
    words=words_of(
        r"^(cla )?interim care orders?\b(?!.*full) -> C1",
        r"^(cla )?((concurrent )?placement order( or full care order)?|concurrent care order)\b -> E1",
        r"^(cla )?(full )?care orders?$|^section 31 care order$ -> C2",
        r"^(cla )?freed for adoption|^freeing order -> D1",
        r"^(cla )?(single period of acc?omm?odation|accommodated under s(ection )?20\b|s20 (accom )?single) -> V2",
        r"^(cla )?emergency protection order -> L2",
        r"^(cla )?child assessment order -> L3",
        r"^(cla )?under police protection|^police protection -> L1",
        r"^detained on child protection grounds -> L",
        r"^(cla )?detained in (la|local authority) acc\w+ under pace -> J2",
        r"^(cla )?(on remand|remanded)\b -> J1",
        r"^(cla )?sentenced to (cypa|youth rehabilitation) -> J3",
        r"^youth justice legal status -> J",
        r"short term breaks.*individual episodes -> V3",
        r"short term breaks.*agreements? -> V4",
    ),
)

PLACEMENT = CodedColumn(
    codes=codes_of("A3 A4 A5 A6 F1 F2 F3 F4 F5 F6 H5 K1 K2 M1 M2 M3 P1 P2 P3 Q1 Q2 R1 R2 R3 R5 S1 T0 T1 T2 T3 T4 U1 U2 U3 U4 U5 U6 Z1"),
    groups=("U", "A"),
    family=lambda code: {"F": "U", "Q": "U"}.get(code[0], code[0]),
    standard=(
        *standard_at(
            r"A[3-6]|F[1-6]|H5|K[12]|M[1-3]|P[123]|Q[12]|R[1235]|S1|T[0-4]|U[1-6]|Z1",
            before=r"(?:CLA - |DNU |[a-z]{1,2}\d?\)\s*)?['‘]?",
        ),
        re.compile(r"^([A-Z]\d)(?:OUT\b| IN\b|[ab](?!\w))", re.IGNORECASE),
        re.compile(r"[\[(]([A-Z]\d)[ab][\])]\s*$", re.IGNORECASE),
    ),
    nothing=_UNKNOWN,
    titles=("Placement Type",),
    words=words_of(
        r"\bfoster\w* placement with relative or friend\b.*\bapproved adopt -> U2",
        r"\bfoster\w* placement with relative or friend\b.*\bnot long term -> U3",
        r"\bfoster\w* placement with relative or friend\b.*\blong term -> U1",
        r"\bfoster\w* placement with other foster carer\b.*\bapproved adopt -> U5",
        r"\bfoster\w* placement with other foster carer\b.*\bnot long term -> U6",
        r"\bfoster\w* placement with other foster carer\b.*\blong term -> U4",
        r"^(foster|fostering) placements?\b|^placement with (an)?other foster carer -> U",
        r"^placed? for adopt\w*\b.*\b(placement order|po)\b.*\bnot (with )?current -> A6",
        r"^placed? for adopt\w*\b.*\b(placement order|po)\b.*\bcurrent -> A5",
        r"^placed? for adopt\w*\b.*\bconsent\b(?!.*dispensed).*\bnot (with )?current -> A4",
        r"^placed? for adopt\w*\b.*\bconsent\b(?!.*dispensed).*\bcurrent -> A3",
        r"^placed for adoption$ -> A",
        r"^plac(ed|ement) with (own )?parents?\b -> P1",
        r"^independent living\b -> P2",
        r"^residential employment$ -> P3",
        r"^residential accomm?odation( not subject to childrens homes regulations)?$|^semi independent living accommodation not -> H5",
        r"^secure (childrens homes?|unit)$ -> K1",
        r"^childrens homes?( subject to .*)?$|^homes and hostels( subject to .*)?$ -> K2",
        r"^residential care homes?$ -> R1",
        r"^nhs health trust\b|^nhs trust providing -> R2",
        r"^family centre (or )?mother and baby unit$ -> R3",
        r"^(young offenders? institution|yoi or prison)\b -> R5",
        r"^(all )?residential schools?\b -> S1",
        r"^other placements?( must be listed.*| not listed above)?$ -> Z1",
        r"^(all types of temporary move|temporary (placement|move))\b -> T0",
        r"^temporary periods in hospital -> T1",
        r"^temporary absences? of the child on holiday$ -> T2",
        r"^temporary accommodation whilst normal foster carer -> T3",
        r"^temporary accommodation of seven days -> T4",
    ),
)

_TWO = r"(?=.*negl)(?=.*(physical|sexual|emotion))|(?=.*physical)(?=.*(sexual|emotion))|(?=.*sexual)(?=.*emotion)"
CATEGORY = CodedColumn(
    codes=frozenset(("NEG", "PHY", "SAB", "EMO", "MUL")),
    standard=standard_at(r"NEG|PHY|SAB|EMO|MUL"),
    nothing=_UNKNOWN,
    titles=("Initial Category of Abuse", "Latest Category of Abuse"),
    words=words_of(
        rf"^(multiple|mul)\b|^(?:{_TWO}) -> MUL",
        r"^(likelihood of )?neglect( abuse)?( only)?$ -> NEG",
        r"^(likelihood of )?physical( abuse| injury)?( only)?$ -> PHY",
        r"^(likelihood of )?sexual( abuse)?( only)?$ -> SAB",
        r"^(likelihood of )?emotional( abuse)?( only)?$ -> EMO",
    ),
)

COLUMNS: dict[str, CodedColumn] = {
    "contact_source": SOURCE,
    "referral_source": replace(SOURCE, titles=("Referral Source",)),
    "primary_need": NEED,
    "close_reason": CLOSURE,
    "sex": SEX,
    "referral_nfa": NFA,
    "assessment_child_seen": SEEN,
    "visit_seen_alone": SEEN_ALONE,
    "icpc_unnecessary": UNNECESSARY,
    "conference_outcome_cp": OUTCOME_CP,
    "case_status": STATUS,
    "care_leaver_in_touch": IN_TOUCH,
    "care_leaver_eligibility": ELIGIBILITY,
    "legal_status": LEGAL,
    "placement_kind": PLACEMENT,
    "abuse_category": CATEGORY,
}
"""Coded columns by the name that a source's `codes` gives them."""
