-- Looked-after children and care leavers.

-- Reviews: once per period of care, whatever the number of episodes in it; the first episode carries the clock.
create temp table period_of_care as
select c.*, least(past(c.left_on), d.died_on) as over_on
from (select *, row_number() over (partition by coalesce(care_id, 'episode ' || episode_id) order by started_on, episode_id) as nth from care) c
left join death d on d.child_id = c.child_id where nth = 1;

create temp table care_review as
select c.episode_id, r.held_on from care c join review r on r.care_id = c.care_id where r.kind = 'cla' and r.cancelled is distinct from true
union all
select c.episode_id, r.held_on from care c join review r on r.child_id = c.child_id
where r.kind = 'cla' and r.cancelled is distinct from true and (r.care_id is null or r.care_id not in (select care_id from care where care_id is not null));

insert into item
select rule, episode_id, child_id, referral_id, null, null, entered_on, over_on
from period_of_care, (values ('cla_review_1'), ('cla_review_2'), ('cla_review_n')) as three(rule);
insert into occurred
select rule, p.episode_id, r.held_on from period_of_care p join care_review r using (episode_id),
     (values ('cla_review_1'), ('cla_review_2'), ('cla_review_n')) as three(rule)
where r.held_on > p.entered_on;

-- Visits: each placement by itself; within a week of its start, then every six weeks. Only a visit at which the child was seen counts.
create temp table placed as
select p.*, least(past(p.ended_on), d.died_on) as over_on from placement p left join death d on d.child_id = p.child_id;
create temp table placement_visit as
select p.placement_id, v.visit_on from placement p join visit v on v.care_id = p.care_id where v.kind = 'cla' and v.seen
union all
select p.placement_id, v.visit_on from placement p join visit v on v.child_id = p.child_id
where v.kind = 'cla' and v.seen and (v.care_id is null or v.care_id not in (select care_id from placement where care_id is not null));

create temp table visit_rule as
from (values ('cla_visit_first'), ('cla_visit_year1'), ('cla_visit_after'), ('cla_visit_parents'), ('cla_visit_parents_after')) as five(rule);
insert into item
select rule, placement_id, child_id, null, null, null, started_on, over_on from placed, visit_rule
where kind = 'P1' or rule not like 'cla_visit_parents%';
insert into occurred select rule, placement_id, visit_on from placement_visit, visit_rule;

-- A care order for a child who lives with a parent: one visit within a week of it.
insert into item
select 'cla_visit_order', legal_id, child_id, null, null, null, started_on, least(past(ended_on), died_on)
from legal left join death using (child_id) where status = 'C2';
insert into occurred
select 'cla_visit_order', legal_id, visit_on from legal join visit using (child_id) where status = 'C2' and kind = 'cla' and seen;

-- Care leavers: an extract holds the latest review and the latest contact only, so these are never done.
insert into once
select 'pathway_plan', leaver_id, child_id, null, team_id, worker_id, reviewed_on, died_on, null, false
from care_leaver left join death using (child_id) where reviewed_on is not null
union all
select 'pa_contact', leaver_id, child_id, null, team_id, worker_id, contacted_on, died_on, null, false
from care_leaver left join death using (child_id) where contacted_on is not null;
