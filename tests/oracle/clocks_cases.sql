-- Referrals, assessments, section 47 enquiries.

-- allocation: from the referral to the first real allocated worker; again from the day on which the last of them had left.
create temp table holding as
select r.referral_id, r.referral_date, e.ended_on as case_ended, a.started_on, a.ended_on, a.team, a.worker_id, a.allocation_id,
       greatest(a.started_on, r.referral_date) as taken_on  -- who held the child before holds the referral from its first day
from referral r join ending e using (referral_id) join about_referral a using (referral_id)
where r.nfa is distinct from true and a.real
  and not coalesce(a.started_on < r.referral_date and a.ended_on <= r.referral_date, false)
  and coalesce(greatest(a.started_on, r.referral_date) <= e.ended_on, true);

insert into once
with taken as (
    select referral_id, min(taken_on) as taken_on, bool_or(started_on is null) as unsure,
           arg_min({team: team, worker: worker_id}, row(taken_on, allocation_id)) as taker,  -- the team and the worker that took it first
           case when bool_and(ended_on is not null) then max(ended_on) end as left_on
    from holding group by referral_id
)
select 'allocation', r.referral_id, r.child_id, r.referral_id, taker.team, taker.worker, r.referral_date, e.ended_on, t.taken_on, coalesce(t.unsure, false)
from referral r join ending e using (referral_id) left join taken t using (referral_id) where r.nfa is distinct from true
union all
select 'allocation', r.referral_id, r.child_id, r.referral_id, null, null, t.left_on, e.ended_on, null, false
from referral r join ending e using (referral_id) join taken t using (referral_id) where t.left_on is not null and r.referral_date <= as_of();

-- assessment: from its own start (DfE); the first one of a referral also from the referral (Working Together).
create temp table assessed as
select a.*, least(e.ended_on, d.died_on) as case_ended, r.referral_date,
       row_number() over (partition by a.referral_id order by a.started_on, a.assessment_id) as nth
from assessment a left join closing e using (referral_id) left join referral r using (referral_id) left join death d on d.child_id = a.child_id;

insert into once
select 'assessment_45_dfe', assessment_id, child_id, referral_id, team_id, worker_id, started_on, case_ended, past(authorised_on), false
from assessed
union all
select 'assessment_45_wt', assessment_id, child_id, referral_id, team_id, worker_id, referral_date, case_ended, past(authorised_on), false
from assessed where referral_date is not null and nth = 1;

-- assessment_started: from the referral to the first assessment. One that names the referral and began before it counts on its first day.
insert into item
select 'assessment_started', r.referral_id, r.child_id, r.referral_id, null, null, r.referral_date, e.ended_on
from referral r join ending e using (referral_id) where r.nfa is distinct from true;
insert into occurred
select 'assessment_started', r.referral_id, greatest(a.started_on, r.referral_date) from referral r join assessment a using (referral_id)
union all
select 'assessment_started', r.referral_id, a.started_on from referral r join assessment a on a.child_id = r.child_id
where a.referral_id is null or a.referral_id not in (select referral_id from referral);

-- Internal reviews (CIN census): who authorises an assessment has reviewed it.
insert into once
select rule, assessment_id, child_id, referral_id, team_id, worker_id, started_on, case_ended, least(past(reviewed_on), past(authorised_on)), false
from assessed, (values ('assessment_checkpoint'), ('assessment_checkpoint_20')) as two(rule);

-- s47_to_icpc: from the strategy discussion to the first initial conference of the enquiry; of the child where it names no known enquiry.
insert into item
select 's47_to_icpc', s.s47_id, s.child_id, s.referral_id, s.team_id, s.worker_id, s.strategy_on, least(e.ended_on, d.died_on)
from s47 s left join closing e using (referral_id) left join death d on d.child_id = s.child_id where s.icpc_required is distinct from false;

insert into occurred
select 's47_to_icpc', s.s47_id, c.held_on from s47 s join conference c on c.s47_id = s.s47_id where c.kind = 'initial'
union all
select 's47_to_icpc', s.s47_id, c.held_on from s47 s join conference c on c.child_id = s.child_id
where c.kind = 'initial' and (c.s47_id is null or c.s47_id not in (select s47_id from s47));

-- s47_open: over with its end or its conference. Where no conference is required and no end is known it is over, nobody can say since when.
insert into item
select 's47_open', s.s47_id, s.child_id, s.referral_id, s.team_id, s.worker_id, s.strategy_on, least(e.ended_on, d.died_on)
from s47 s left join closing e using (referral_id) left join death d on d.child_id = s.child_id
where not coalesce(s.icpc_required = false and s.ended_on is null, false)
  and not coalesce(past(s.ended_on) < s.strategy_on, false);  -- impossible days
insert into occurred
select 's47_open', item_ref, on_ from occurred where rule = 's47_to_icpc' union all select 's47_open', s47_id, ended_on from s47;

-- icpc_transfer_in: a child who moved here with a plan; from the referral with which the child came.
insert into once
select 'icpc_transfer_in', c.conference_id, c.child_id, c.referral_id, c.team_id, c.worker_id, r.referral_date, least(e.ended_on, d.died_on),
       past(c.held_on), false
from conference c join referral r using (referral_id) join closing e using (referral_id) left join death d on d.child_id = c.child_id
where c.kind = 'transfer_in';
