-- Stretches of what repeats: from the start to the first event, to the next one, ... and the open one after the last.

create temp table file_begins as
select kind as file, min(held_on) as since from meeting group by kind union all select kind, min(supervised_on) from supervision group by kind;
create temp table stretch as
with events as (
    select distinct i.rule, i.item_ref, o.on_ from item i join occurred o using (rule, item_ref)
    where o.on_ between i.started_on and coalesce(i.ended_on, as_of())
),
points as (
    select rule, item_ref, started_on as on_, 0 as nth from item
    union all
    select rule, item_ref, on_, row_number() over (partition by rule, item_ref order by on_) from events
),
stretches as (
    select rule, item_ref, on_ as began, nth + 1 as nth, lead(on_) over (partition by rule, item_ref order by nth) as stopped from points
)
select i.* exclude (started_on), i.started_on as item_began, s.began as started_on, s.stopped as stopped_on,
       s.nth = 1 and s.stopped is not null and coalesce(i.started_on < f.since, false) as unsure
from stretches s join item i using (rule, item_ref) join shape using (rule) left join file_begins f using (file)
where s.nth >= first_stretch and coalesce(s.nth <= last_stretch, true);


-- An export of assessments reaches back only so far (but for one in a hundred, which may be a slip): of a referral from before, nobody can
-- say that it was followed by none.
update stretch set unsure = true
where rule = 'assessment_started' and stopped_on is null
  and item_began < (select list(authorised_on order by authorised_on)[count(*) // 100 + 1] from assessment where authorised_on is not null);

-- What a council owes is settled on the day on which a stretch begins: by legal statuses, placements and reviews of that day.
create temp macro true_on(d, since, until) as since <= d and coalesce(d < until, true);
create temp macro status_of(child, d, a, b) as
    exists (from legal l where l.child_id = child and l.status in (a, b) and true_on(d, l.started_on, l.ended_on));
create temp macro reviewed_before(care, d) as
    exists (from review r where r.care_id = care and r.kind = 'cla' and r.cancelled is distinct from true and r.held_on <= d);

delete from stretch s  -- a series of short breaks
where s.rule in ('cla_review_1', 'cla_review_2', 'cla_review_n', 'cla_visit_first', 'cla_visit_year1', 'cla_visit_after')
  and status_of(s.child_id, s.started_on, 'V3', 'V4');
delete from stretch s using placement p
where p.placement_id = s.item_ref and (
    s.rule in ('cla_visit_year1', 'cla_visit_after') and p.kind = 'P1' and status_of(s.child_id, s.started_on, 'C1', 'C1')
    or s.rule like 'cla_visit_parents%' and not status_of(s.child_id, s.started_on, 'C1', 'C1')
    or s.rule = 'cla_visit_parents' and reviewed_before(p.care_id, s.started_on)
    or s.rule = 'cla_visit_parents_after' and not reviewed_before(p.care_id, s.started_on));
delete from stretch s
where s.rule = 'cla_visit_order'
  and not exists (from placement p where p.child_id = s.child_id and p.kind = 'P1' and true_on(s.started_on, p.started_on, p.ended_on));
delete from stretch
where rule in ('cla_visit_year1', 'pf_visit') and started_on >= after_months(item_began, 12)
   or rule in ('cla_visit_after', 'pf_visit_after') and started_on < after_months(item_began, 12);
