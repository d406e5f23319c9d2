-- What a rule makes clocks of. `item`: one row per thing that carries a clock; `occurred`: what stops it, by day.

-- Which stretches of a repeating clock a rule watches: 1 runs from the start to the first event, 2 from the first to the second ...
-- `file`: the kind of row of a supplementary file that the events come from. What began before its first day has no first event to judge.
create temp table shape as from (values
    ('assessment_started', 1, 1, null), ('s47_to_icpc', 1, 1, null), ('s47_open', 1, 1, null), ('cp_visit', 1, null, null),
    ('cp_visit_alone', 1, null, null), ('cin_visit', 1, null, null), ('rcpc_first', 1, 1, null), ('rcpc_next', 2, null, null),
    ('cla_review_1', 1, 1, null), ('cla_review_2', 2, 2, null), ('cla_review_n', 3, null, null),
    ('cla_visit_first', 1, 1, null), ('cla_visit_year1', 2, null, null), ('cla_visit_after', 2, null, null),
    ('cla_visit_parents', 2, null, null), ('cla_visit_parents_after', 2, null, null), ('cla_visit_order', 1, 1, null),
    ('core_group_first', 1, 1, 'core_group'), ('core_group_next', 2, null, 'core_group'), ('cin_review', 1, null, 'cin_review'),
    ('pf_initial', 1, 1, 'pf_visit'), ('pf_visit', 2, null, 'pf_visit'), ('pf_visit_after', 2, null, 'pf_visit'),
    ('supervision_worker', 1, null, 'personal'), ('supervision_case_cp', 1, null, 'case'), ('supervision_case_cin', 1, null, 'case'),
    ('supervision_case_cla', 1, null, 'case'), ('supervision_case_assessment', 1, null, 'case')
) as shape(rule, first_stretch, last_stretch, file);

create temp table item (
    rule text, item_ref text, child_id text, referral_id text, own_team text, own_worker text, started_on date,
    ended_on date  -- the case has ended by the extract's date: no verdict on what was not done by then
);
create temp table occurred (rule text, item_ref text, on_ date);

-- Clocks that stop once, by a date of their own row; and those of `allocation`.
create temp table once as select *, null::date as stopped_on, false as unsure from item limit 0;

create temp table death as select child_id, past(died_on) as died_on from child;
create temp table closing as select referral_id, past(closed_on) as ended_on from referral;
create temp table ending as  -- of each referral as a case
select referral_id, child_id, least(past(closed_on), died_on) as ended_on from referral left join death using (child_id);
