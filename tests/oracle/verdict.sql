-- From items and what occurred to clocks: stretches, due dates, elapsed time, state, and who answers.

-- A rule is watched where the extract has what it needs: rows that carry a clock, and rows that could stop one. A file that a council
-- makes itself must name somebody whom the extract knows.
create temp table watched(rule text);
insert into watched
select unnest(['allocation']) where exists (from involvement where holds)
union all select 'assessment_started' where exists (from referral) and exists (from assessment)
union all select 'assessment_45_wt' where exists (from assessed where referral_date is not null)
union all select 'assessment_45_dfe' where exists (from assessment)
union all select unnest(['assessment_checkpoint', 'assessment_checkpoint_20']) where exists (from assessment where reviewed_on is not null)
union all select 's47_to_icpc' where exists (from s47) and exists (from conference where kind = 'initial')
union all select 's47_open' where exists (from s47 where ended_on is not null) and exists (from conference where kind = 'initial')
union all
select 'icpc_transfer_in' where exists (from conference c join referral using (referral_id) where c.kind = 'transfer_in')
union all select 'cp_visit' where exists (from cp) and exists (from visit where kind = 'cp' and seen is not null)
union all select 'cp_visit_alone' where exists (from cp) and exists (from visit where kind = 'cp' and seen_alone is not null)
union all select 'cin_visit' where exists (from cin) and exists (from visit where kind = 'cin' and seen is not null)
union all select unnest(['rcpc_first', 'rcpc_next']) where exists (from cp) and exists (from review where kind = 'cp')
union all
select unnest(['cla_review_1', 'cla_review_2', 'cla_review_n']) where exists (from care where entered_on is not null)
    and exists (from review where kind = 'cla')
union all
select unnest(['cla_visit_first', 'cla_visit_year1', 'cla_visit_after']) where exists (from placement)
    and exists (from visit where kind = 'cla' and seen is not null)
union all
select unnest(['cla_visit_parents', 'cla_visit_parents_after']) where exists (from placement where kind = 'P1')
    and exists (from legal where status = 'C1') and exists (from visit where kind = 'cla' and seen is not null)
union all
select 'cla_visit_order' where exists (from placement where kind = 'P1') and exists (from legal where status = 'C2')
    and exists (from visit where kind = 'cla' and seen is not null)
union all select 'pathway_plan' where exists (from care_leaver where reviewed_on is not null)
union all select 'pa_contact' where exists (from care_leaver where contacted_on is not null)
union all select 'contact_decision' where exists (from contact_decision where received_on is not null)
union all
select unnest(['core_group_first', 'core_group_next']) where exists (from cp) and exists (from meeting where kind = 'core_group' and (plan_id in (select plan_id from plan) or child_id in (select child_id from plan)))
union all select 'cin_review' where exists (from cin) and exists (from meeting where kind = 'cin_review' and (plan_id in (select plan_id from plan) or child_id in (select child_id from plan)))
union all select 'rhi_72h' where exists (from meeting where kind = 'rhi' and since_at is not null)
union all
select unnest(['pf_initial', 'pf_visit', 'pf_visit_after']) where exists (from meeting where kind = 'pf_visit' and begun_on is not null)
union all
select 'supervision_worker' where exists (from supervision where kind = 'personal' and worker_id in (select worker_id from allocation))
union all
select 'supervision_case_cp' where exists (from cp) and exists (from supervision where kind = 'case' and child_id in (select child_id from plan))
union all
select 'supervision_case_cin' where exists (from cin) and exists (from supervision where kind = 'case' and child_id in (select child_id from plan))
union all
select 'supervision_case_cla' where exists (from supervision where kind = 'case' and child_id in (select child_id from care))
union all
select 'supervision_case_assessment' where exists (from supervision where kind = 'case' and child_id in (select child_id from assessment))
union all
select 'supervision_recorded' where exists (from supervision where kind = 'case')
    and exists (from supervision where decision_recorded is not null);

-- No verdict where the case ended before the work was done, where a day is not known, or where the days are impossible.
create temp table running as
select * exclude (unsure) from (select * exclude (item_began) from stretch union all by name select * from once) c
where rule in (from watched) and not unsure
  and started_on between date '1990-01-01' and as_of()
  and coalesce(stopped_on >= started_on, true)
  and (ended_on is null or coalesce(stopped_on <= ended_on, false));


create temp table counted as
with timed as (
    select r.*, s.*, coalesce(
               (select l.limit_ from limits l where l.rule = r.rule and l.effective_from <= r.started_on order by l.effective_from desc limit 1),
               (select l.limit_ from limits l where l.rule = r.rule order by l.effective_from limit 1)) as limit_,
           (started_on - day1::int)::date as zero, coalesce(stopped_on, as_of()) as until
    from running r join setting s using (rule)
),
due as (
    select t.*, z.n as n_zero, u.n as n_until,
           case unit when 'working_day' then case when limit_ = 0 then zero else w.d end
                     when 'calendar_day' then (zero + limit_)::date else after_months(zero, limit_) end as due_on
    from timed t join day z on z.d = zero join day u on u.d = until left join nth_working_day w on w.n = z.n + limit_
)
select *,
       case unit when 'working_day' then n_until - n_zero when 'calendar_day' then until - zero
                 else datediff('month', zero, until) - (after_months(zero, datediff('month', zero, until)) > until)::int end as elapsed
from due;

create temp table judged as
select *,
       case when stopped_on is not null then case when beyond then 'done_late' else 'done_in_time' end
            when beyond then 'overdue'
            when coalesce(elapsed >= warn_at, ahead <= warn, false) then 'due_soon' else 'running' end as state
from (select c.*, case when unit = 'working_day' then elapsed > limit_ else until > due_on end as beyond,
             case when unit = 'working_day' then d.n - (select n from day where d = as_of()) else due_on - as_of() end as ahead
      from counted c left join day d on d.d = due_on) c;

-- In hours: from moment to moment (UTC), open ones to the midnight after the extract's date; shown in London time.
create temp macro london(t) as (t at time zone 'UTC') at time zone 'Europe/London';
create temp table hourly as
with known as (
    select m.*, case when london(held_at)::date <= as_of() then held_at end as stopped_at,
           ((as_of() + 1)::timestamp at time zone 'Europe/London') at time zone 'UTC' as midnight
    from meeting m where m.kind = 'rhi' and since_at is not null and not (held_on is not null and held_at is null)
),
timed as (
    select k.*, coalesce(stopped_at, midnight) as until, l.limit_, s.warn_at, since_at + to_hours(l.limit_) as due_at
    from known k left join death d using (child_id), limits l, setting s
    where l.rule = 'rhi_72h' and s.rule = 'rhi_72h' and since_at <= midnight and coalesce(stopped_at >= since_at, true)
      and (d.died_on is null or coalesce(london(stopped_at)::date <= d.died_on, false))
)
select event_id, child_id, london(since_at) as started_on, london(due_at) as due_on, london(stopped_at) as stopped_on,
       floor(epoch(until - since_at) / 3600)::bigint as elapsed, ceil(epoch(until - since_at) / 3600)::bigint as begun_hours, limit_,
       case when stopped_at is not null then case when stopped_at > due_at then 'done_late' else 'done_in_time' end
            when until > due_at then 'overdue' when until >= since_at + to_hours(warn_at) then 'due_soon' else 'running' end as state,
       null as referral_id, null as own_team, null as own_worker
from timed where exists (from watched where rule = 'rhi_72h');

-- Work that waits: the holder's team, else the row's own, else the one that was left, else the referral's, else that of the row's worker.
-- Done work: the row's own first. A pool is no worker; and a case that waits for a worker has none.
create temp table clock as
select rule, child_id as child_ref, item_ref,
       case when rule = 'supervision_worker' then coalesce(own_team, '?')
            when stopped_on is not null then coalesce(own_team, held_team, left_team, referral_team, own_person_team, other_team, '?')
            else coalesce(held_team, own_team, left_team, referral_team, own_person_team, other_team, '?') end as team,
       case when rule = 'supervision_worker' then own_worker
            when rule = 'allocation' and stopped_on is null then null
            when stopped_on is not null then coalesce(own_person, held_worker)
            else coalesce(held_worker, own_person) end as worker,
       started_on, due_on, stopped_on, elapsed, limit_ as "limit", state
from answering('judged')
union all
select 'rhi_72h', child_id, event_id, coalesce(held_team, left_team, other_team, '?'), held_worker, started_on, due_on, stopped_on, elapsed, limit_, state
from answering('hourly');
