-- Plans: visits at which the child is seen (or seen alone), and reviews of this council's child protection plans.

create temp table cp as
select p.*, coalesce(c.held_on, p.started_on) as conferred_on, least(past(p.ended_on), d.died_on) as over_on
from plan p left join conference c using (conference_id) left join death d on d.child_id = p.child_id
where p.kind = 'cp' and p.other_la is distinct from true;

-- (plan, event): one that names a plan of the extract is of that plan only, one that names none of the child's.
create temp table plan_visit as
select p.plan_id, v.* exclude (plan_id) from plan p join visit v on v.plan_id = p.plan_id
union all
select p.plan_id, v.* exclude (plan_id) from plan p join visit v on v.child_id = p.child_id
where v.plan_id is null or v.plan_id not in (select plan_id from plan);
create temp table plan_review as
select p.plan_id, r.* exclude (plan_id) from plan p join review r on r.plan_id = p.plan_id
union all
select p.plan_id, r.* exclude (plan_id) from plan p join review r on r.child_id = p.child_id
where r.plan_id is null or r.plan_id not in (select plan_id from plan);

insert into item select 'cp_visit', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cp;
insert into occurred select 'cp_visit', plan_id, visit_on from plan_visit where kind = 'cp' and seen;

insert into item select 'cp_visit_alone', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cp;
insert into occurred select 'cp_visit_alone', plan_id, visit_on from plan_visit where kind = 'cp' and seen_alone;

create temp table cin as
select p.*, least(past(p.ended_on), d.died_on) as over_on from plan p left join death d on d.child_id = p.child_id where p.kind = 'cin';
insert into item select 'cin_visit', plan_id, child_id, referral_id, team_id, worker_id, started_on, over_on from cin;
insert into occurred select 'cin_visit', plan_id, visit_on from plan_visit where kind = 'cin' and seen;

insert into item select 'rcpc_first', plan_id, child_id, referral_id, team_id, worker_id, conferred_on, over_on from cp;
insert into item select 'rcpc_next', plan_id, child_id, referral_id, team_id, worker_id, conferred_on, over_on from cp;
insert into occurred  -- the conference itself is no review
select rule, cp.plan_id, held_on from plan_review join cp using (plan_id), (values ('rcpc_first'), ('rcpc_next')) as two(rule)
where plan_review.kind = 'cp' and cancelled is distinct from true and held_on > conferred_on;
