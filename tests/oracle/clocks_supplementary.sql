-- What the six files switch on: contact decisions, meetings, supervision.

insert into once
select 'contact_decision', d.decision_id, c.child_id, null, null, null, d.received_on, null, past(d.decided_on), false
from contact_decision d left join contact c using (contact_id);

-- Core groups of child protection plans, reviews of child in need plans.
create temp table plan_meeting as
select p.plan_id, m.kind, m.held_on from plan p join meeting m on m.plan_id = p.plan_id
union all
select p.plan_id, m.kind, m.held_on from plan p join meeting m on m.child_id = p.child_id
where m.plan_id is null or m.plan_id not in (select plan_id from plan);

insert into item
select rule, plan_id, child_id, referral_id, team_id, worker_id, conferred_on, over_on
from cp, (values ('core_group_first'), ('core_group_next')) as two(rule);
insert into occurred
select rule, plan_id, held_on from plan_meeting, (values ('core_group_first'), ('core_group_next')) as two(rule) where kind = 'core_group';

insert into item select 'cin_review', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cin;
insert into occurred
select 'cin_review', plan_id, held_on from plan_meeting join cin using (plan_id) where plan_meeting.kind = 'cin_review' and held_on > cin.started_on;

-- Private fostering: one arrangement, however many lines it has; its first line carries the clock.
create temp table arrangement as
select m.*, least(past(m.ended_on), d.died_on) as over_on
from (select *, row_number() over (partition by coalesce(arrangement_id, 'line ' || event_id) order by begun_on, event_id) as nth
      from meeting where kind = 'pf_visit' and begun_on is not null) m
left join death d on d.child_id = m.child_id where nth = 1;
insert into item
select rule, event_id, child_id, null, null, null, begun_on, over_on
from arrangement, (values ('pf_initial'), ('pf_visit'), ('pf_visit_after')) as three(rule);
insert into occurred
select rule, a.event_id, m.held_on from arrangement a join meeting m using (arrangement_id),
     (values ('pf_initial'), ('pf_visit'), ('pf_visit_after')) as three(rule) where m.kind = 'pf_visit';

-- A worker who holds a case now: since the start that staff.csv gives, else since the first case of those held now.
insert into item
select distinct on (worker_id) 'supervision_worker', worker_id, null, null, coalesce(k.team, i.team), worker_id,
       coalesce(k.staff_since, i.started_on), null
from involvement i join worker_known k using (worker_id) where i.real and i.ended_on is null
order by worker_id, coalesce(k.staff_since, i.started_on) nulls last, allocation_id;
insert into occurred
select 'supervision_worker', worker_id, supervised_on from supervision where kind = 'personal' and worker_id is not null;

-- A case is discussed in supervision as often as its plan asks; what is said of the child counts for each of the child's items.
insert into item select 'supervision_case_cp', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cp;
insert into item select 'supervision_case_cin', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cin;
insert into item
select 'supervision_case_cla', episode_id, child_id, referral_id, null, null, coalesce(entered_on, started_on), over_on from period_of_care;
insert into item
select 'supervision_case_assessment', assessment_id, child_id, referral_id, team_id, worker_id, started_on, least(past(authorised_on), case_ended)
from assessed;
insert into occurred
select i.rule, i.item_ref, s.supervised_on from item i join supervision s using (child_id)
where i.rule like 'supervision_case_%' and s.kind = 'case';

-- On file: a record without a decision goes on running.
insert into once
select 'supervision_recorded', supervision_id, child_id, null, null, worker_id, supervised_on, died_on,
       case when decision_recorded and recorded_on >= supervised_on then past(recorded_on) end, false
from supervision left join death using (child_id) where kind = 'case';
