-- Measures of cases: open, unallocated, how they come and go, what lies still. A case is a referral.

create temp table every_referral as select referral_id, child_id, null as own_team, null as own_worker from referral;
create temp table case_team as
select referral_id, coalesce(held_team, left_team, referral_team, other_team, '?') as team from answering('every_referral');

-- Open: begun, not closed, not ended with no further action, the child alive. Held: a real person holds it now.
create temp table open_case as
select r.referral_id, r.child_id, r.referral_date, t.team,
       exists (from about_referral a where a.referral_id = r.referral_id and a.real and a.ended_on is null) as held,
       w.left_on
from referral r join ending e using (referral_id) join case_team t using (referral_id)
left join (select referral_id, case when bool_and(ended_on is not null) then max(ended_on) end as left_on from holding group by all) w
       using (referral_id)
where r.nfa is distinct from true and r.referral_date <= as_of() and e.ended_on is null;

create temp table can_see_holders as select exists (from watched where rule = 'allocation') as holders, exists (from cp) as cp;

-- Children on an open plan of this council; of a child with several the one that began last speaks. Held: by somebody who is tied to no case
-- of the extract, or to the plan's own case; where that is not open, to any open case of the child.
create temp table cp_child as
select distinct on (child_id) plan_id, child_id, referral_id, null as own_team, null as own_worker, team_id
from cp where started_on <= as_of() and over_on is null order by child_id, started_on desc, plan_id desc;
create temp table holding_now as select * from involvement where real and ended_on is null and (linked_to is null or linked_to in (select referral_id from open_case));
create temp table cp_open as
select c.plan_id, c.child_id, coalesce(a.held_team, c.team_id, a.left_team, a.referral_team, a.other_team, '?') as team,
       exists (from holding_now i where i.child_id = c.child_id and i.linked_to is null)
       or case when c.referral_id in (select referral_id from open_case) then exists (from holding_now i where i.linked_to = c.referral_id)
               else exists (from holding_now i where i.child_id = c.child_id) end as held
from cp_child c join answering('cp_child') a using (plan_id);

create temp table of_cases as
select 'open' as measure, team, count(*)::double as value, value as n from open_case group by team
union all
select 'unallocated', team, count(*) filter (where not held), count(*) from open_case, can_see_holders where holders group by team
union all
select 'unallocated_cp', team, count(*) filter (where not held), count(*) from cp_open, can_see_holders where holders and cp group by team
union all select 'open', '?', 0, 0
union all select 'unallocated', '?', 0, 0 from can_see_holders where holders
union all select 'unallocated_cp', '?', 0, 0 from can_see_holders where holders and cp;

-- The label now: the last one given to the referral, else the last one given to its child; of two on one day the one further down.
create temp table labelled as
select o.*, coalesce(case when l.priority in ('urgent', 'high', 'medium', 'low', 'no_priority') then l.priority when l.priority is not null then 'other' end,
                     'no_priority') as label
from open_case o left join (
    select distinct on (o.referral_id) o.referral_id as of_, p.priority
    from open_case o join priority p on p.referral_id = o.referral_id or (p.referral_id is null and p.child_id = o.child_id)
    where p.set_on <= as_of() order by o.referral_id, p.referral_id is not null desc, p.set_on desc, p._nr desc
) l on l.of_ = o.referral_id;
create temp table can_see_labels as select holders and exists (from priority) as yes from can_see_holders;
insert into of_cases
select 'unallocated_low', team, count(*) filter (where not held and label in ('low', 'no_priority')), count(*) filter (where not held)
from labelled, can_see_labels where yes group by team
union all
select 'unallocated_priority.' || p, team, count(*) filter (where not held and label = p), count(*) filter (where not held)
from labelled, can_see_labels, (values ('urgent'), ('high'), ('medium'), ('low'), ('no_priority'), ('other')) as six(p) where yes group by p, team
union all
select unnest(['unallocated_low', 'unallocated_priority.urgent', 'unallocated_priority.high', 'unallocated_priority.medium',
               'unallocated_priority.low', 'unallocated_priority.no_priority', 'unallocated_priority.other']), '?', 0, 0
from can_see_labels where yes;

-- How they come and go. With no further action and no day of closing one ended on the day it came; none ends before it began.
create temp table flow as
select r.referral_id, r.child_id, r.referral_date, team,
       case when r.referral_date <= as_of() and (e.ended_on is not null or r.nfa) then greatest(r.referral_date, coalesce(e.ended_on, r.referral_date)) end as went,
       exists (from referral b where b.child_id = r.child_id and b.referral_date < r.referral_date and b.referral_date >= r.referral_date - 365) as again
from referral r join ending e using (referral_id) join case_team using (referral_id);
create temp table can_see_flow as
select exists (from referral where closed_on is not null) as ends,
       exists (from flow where went <= as_of() - days_of('re_referral') - 365) as a_year_before;
insert into of_cases
select 'arrivals', team, count(*), count(*) from flow where lately(referral_date, 'arrivals') group by team
union all select 'departures', team, count(*), count(*) from flow, can_see_flow where ends and lately(went, 'departures') group by team
union all select 'arrivals', '?', 0, 0
union all select 'departures', '?', 0, 0 from can_see_flow where ends;
create temp table net as
select 'net_change' as measure, team, lately(referral_date, 'net_change')::int - lately(went, 'net_change')::int as value,
       lately(referral_date, 'net_change')::int + lately(went, 'net_change')::int as n
from flow, can_see_flow where ends
union all select 'net_change', '?', 0, 0 from can_see_flow where ends;
insert into of_cases select measure, team, value, n from net;

insert into figure from everywhere('of_cases');

-- Ratios are worked out from the sums of each place.
create temp table of_flow as
select 'load' as measure, team, lately(referral_date, 'load')::int as value, lately(went, 'load')::int as n from flow, can_see_flow where ends
union all
select 're_referral', team, (lately(referral_date, 're_referral') and again)::int, lately(referral_date, 're_referral')::int
from flow, can_see_flow where a_year_before
union all
select 'weeks_of_work', team, (went is null and referral_date <= as_of())::int, lately(went, 'weeks_of_work')::int from flow, can_see_flow where ends
union all select 'load', '?', 0, 0 from can_see_flow where ends
union all select 'weeks_of_work', '?', 0, 0 from can_see_flow where ends
union all select 're_referral', '?', 0, 0 from can_see_flow where a_year_before;
insert into figure
select measure, team, case when n = 0 then null when measure = 're_referral' then 100 * value / n
                           when measure = 'weeks_of_work' then value / (n / (days_of(measure) / 7)) else value / n end, n
from everywhere('of_flow');

-- The queue for allocation: demand a week by the limit in weeks of 5 working days by a quarter; relief where it is more than twice that.
create temp table queue as
select 'began' as measure, team, lately(started_on::date, 'target_queue')::int as value, 0 as n from clock where rule = 'allocation'
union all select 'waits', team, (stopped_on is null)::int, 0 from clock where rule = 'allocation'
union all select unnest(['began', 'waits']), '?', 0, 0 from clock where rule = 'allocation';
create temp table queue_at as
select b.team, b.value as began, w.value as waits, b.value / (days_of('target_queue') / 7) as demand,
       b.value / (days_of('target_queue') / 7) * (select limit_ from limits where rule = 'allocation' order by effective_from desc limit 1) / 5 / 4 as target
from everywhere('queue') b join everywhere('queue') w on w.team = b.team where b.measure = 'began' and w.measure = 'waits';
insert into figure
select 'target_queue', team, target, began from queue_at
union all select 'relief_capacity', team, case when waits > 2 * target then demand + (waits - target) / 26 end, waits from queue_at;

-- Lies still: open, the child in no plan and not in care, and nothing that anybody did for more than 90 days.
create temp table happened as
select child_id, max(on_) as last_on from (
    select child_id, visit_on as on_ from visit union all select child_id, started_on from assessment union all select child_id, authorised_on from assessment
    union all select child_id, held_on from review union all select child_id, held_on from conference
    union all select child_id, started_on from allocation union all select child_id, ended_on from allocation
    union all select child_id, supervised_on from supervision union all select child_id, held_on from meeting
) where on_ <= as_of() group by child_id;
create temp table in_plan as
select distinct child_id from plan where started_on <= as_of() and past(ended_on) is null
union select child_id from care where coalesce(entered_on, started_on) <= as_of() and past(left_on) is null;
create temp table still as
select 'stale_open' as measure, o.team, (not coalesce(in_plan.child_id is not null, false)
       and greatest(o.referral_date, h.last_on) < as_of() - 90)::int as value, 1 as n
from open_case o left join happened h using (child_id) left join in_plan using (child_id)
where exists (from visit) and (select holders from can_see_holders)
union all select 'stale_open', '?', 0, 0 where exists (from visit) and (select holders from can_see_holders);
insert into figure from everywhere('still');

-- Whom the re-look sample is drawn from: low or no label, no further action within 91 days, without a worker for 28 days or longer.
create temp table pool as
select 'relook_pool' as measure, team, count(*) as value, count(*) as n from (
    select referral_id, team from labelled where label in ('low', 'no_priority') and exists (from priority)
    union select referral_id, team from flow join referral using (referral_id, child_id, referral_date) left join death using (child_id)
          where nfa and referral_date > as_of() - 91 and referral_date <= as_of() and died_on is null
    union select referral_id, team from open_case, can_see_holders
          where holders and not held and coalesce(left_on, referral_date) <= as_of() - 28
) group by team
union all select 'relook_pool', '?', 0, 0;
insert into figure from everywhere('pool');

-- Different real workers within the period per child with an open case, of those who had any; of two open cases the later one speaks.
create temp table hands as
select distinct o.team, o.child_id, i.worker_id
from (select distinct on (child_id) o.* from open_case o join referral r using (referral_id) order by child_id, r.referral_date desc, r._nr desc) o
join involvement i on i.child_id = o.child_id
where i.real and coalesce(i.ended_on > as_of() - days_of('workers_per_child'), true);
create temp table hands_of as
select 'workers_per_child' as measure, team, count(*) as value, count(distinct child_id) as n from hands group by team
union all select 'workers_per_child', '?', 0, 0 where exists (from allocation where started_on is not null);
insert into figure select measure, team, case when n > 0 then value / n end, n from everywhere('hands_of');

-- Plans open for 3 months or more: were all their reviews in time, and is none late now?
create temp table to_review as
select cp.* from cp where started_on <= as_of() and over_on is null and after_months(conferred_on, 3) <= as_of() and exists (from review where kind = 'cp');
create temp table review_points as
select plan_id, conferred_on as on_, 0 as nth from to_review
union all
select plan_id, held_on, row_number() over (partition by plan_id order by held_on) from (
    select distinct t.plan_id, r.held_on from to_review t join plan_review r using (plan_id)
    where r.kind = 'cp' and r.cancelled is distinct from true and r.held_on > t.conferred_on and r.held_on <= as_of());
create temp table review_late as
select plan_id, nth, on_, lead(on_) over (partition by plan_id order by nth) as next_on,
       coalesce(lead(on_) over (partition by plan_id order by nth), as_of()) > after_months(on_, case nth when 0 then 3 else 6 end) as late
from review_points;
create temp table to_answer as select plan_id, child_id, referral_id, null as own_team, null as own_worker from to_review;
create temp table reviewed as
select 'reviewed_in_time' as measure, coalesce(a.held_team, t.team_id, a.left_team, a.referral_team, a.other_team, '?') as team,
       (not exists (from review_late l where l.plan_id = t.plan_id and l.late
                    and not (l.nth = 0 and l.next_on is not null and l.on_ < (select min(held_on) from review where kind = 'cp'))))::int as value, 1 as n
from to_review t join answering('to_answer') a using (plan_id)
union all select 'reviewed_in_time', '?', 0, 0 where exists (from review where kind = 'cp');
insert into figure select measure, team, case when n > 0 then 100 * value / n end, n from everywhere('reviewed');
