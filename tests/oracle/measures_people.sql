-- Measures of workers, posts, supervision and return interviews. None without its file: nothing is not zero.

-- Workers who hold a case now, and their distinct children. The team is the worker's own, else that of the latest allocation.
create temp table worker_now as
select i.worker_id, coalesce(any_value(k.team), max_by(i.team, (i.started_on, i.allocation_id)), '?') as team,
       count(distinct i.child_id) as children, any_value(k.fte) as fte, any_value(k.agency) as agency, any_value(k.in_staff) as in_staff
from involvement i join worker_known k using (worker_id) where i.real and i.ended_on is null group by i.worker_id;
create temp table has_file as
select exists (from staff) as staff, exists (from post) as posts, exists (from supervision where kind = 'personal') as personal,
       exists (from supervision where decision_recorded is not null) as recorded,
       exists (from meeting where kind = 'rhi') and exists (from missing) as interviews, exists (from watched where rule = 'allocation') as holders;

create temp table staffed as
with per_fte as (
    select w.*, children / fte as per_fte, sum(children) over (partition by team) / sum(fte) over (partition by team) as mean_
    from worker_now w where in_staff and fte > 0
)
select 'caseload' as measure, team, children as value, 1 as n from worker_now, has_file where staff and holders
union all select 'agency_share', team, agency::int, 1 from worker_now, has_file where staff and holders and agency is not null and in_staff
union all select 'caseload_high', team, (per_fte > 20 or per_fte > 1.5 * mean_ and per_fte > 16)::int, 1 from per_fte, has_file where staff and holders
union all select unnest(['caseload', 'agency_share', 'caseload_high']), '?', 0, 0 from has_file where staff and holders
union all
select 'supervision_held', w.team, exists (from supervision s where s.worker_id = w.worker_id and s.kind = 'personal' and lately(s.supervised_on, 'supervision_held'))::int, 1
from worker_now w, has_file where personal and holders
union all select 'supervision_held', '?', 0, 0 from has_file where personal and holders;
insert into figure
select measure, team, case when measure = 'caseload_high' then value when n = 0 then null
                           when measure = 'caseload' then value / n else 100 * value / n end, n from everywhere('staffed');

create temp table by_fte as
select 'children' as measure, team, children as value, 1 as n from worker_now, has_file where staff and holders and in_staff and fte > 0
union all select 'fte', team, fte, 1 from worker_now, has_file where staff and holders and in_staff and fte > 0
union all select unnest(['children', 'fte']), '?', 0, 0 from has_file where staff and holders;
insert into figure
select 'caseload_fte', c.team, case when f.value > 0 then c.value / f.value end, c.n
from everywhere('by_fte') c join everywhere('by_fte') f on f.team = c.team where c.measure = 'children' and f.measure = 'fte';

-- The tenth of the workers with the most children, at least one; ranked in each place anew.
insert into figure
with ranked as (
    select place, w.children, row_number() over (partition by place order by w.children desc) as nth, count(w.worker_id) over (partition by place) as workers
    from place left join worker_now w using (team)
)
select 'caseload_top', place, 100 * sum(children) filter (where nth <= ceil(workers / 10)) / sum(children), max(workers)
from ranked, has_file where staff and holders group by place;

-- Posts: of each team the last count by the extract's date, all its roles. More staff than posts is no vacancy.
create temp table counted_posts as
select team_id as team, greatest(sum(established) - sum(filled), 0) as vacant, sum(filled) as filled, sum(agency) as agency
from post p where counted_on = (select max(counted_on) from post q where q.team_id = p.team_id and q.counted_on <= as_of()) group by team_id;
create temp table posts as
select 'vacant' as measure, team, vacant as value, 0 as n from counted_posts
union all select 'filled', team, filled, 0 from counted_posts
union all select 'agency', team, agency, 0 from counted_posts
union all select unnest(['vacant', 'filled', 'agency']), '?', 0, 0 from has_file where posts;
insert into figure
with counts as (
    select team, sum(value) filter (where measure = 'vacant') as vacant, sum(value) filter (where measure = 'filled') as filled,
           sum(value) filter (where measure = 'agency') as agency
    from everywhere('posts') group by team
)
select 'vacancy_rate', team, case when vacant + filled > 0 then 100 * vacant / (vacant + filled) end, round_even(vacant + filled, 0) from counts
union all select 'agency_rate', team, case when agency + filled > 0 then 100 * agency / (agency + filled) end, round_even(agency + filled, 0) from counts;

-- Case supervisions of the period that are on file with their decision.
create temp table case_supervision as
select supervision_id, child_id, null as referral_id, null as own_team, worker_id as own_worker, supervised_on, recorded_on, decision_recorded
from supervision where kind = 'case';
create temp table recorded as
select 'supervision_recorded' as measure, coalesce(held_team, left_team, own_person_team, other_team, '?') as team,
       coalesce(decision_recorded and recorded_on <= as_of(), false)::int as value, 1 as n
from answering('case_supervision'), has_file where recorded and lately(supervised_on, 'supervision_recorded')
union all select 'supervision_recorded', '?', 0, 0 from has_file where recorded;
insert into figure select measure, team, case when n > 0 then 100 * value / n end, n from everywhere('recorded');

-- Missing episodes that ended within the period, and a return interview for that episode, or at least after it.
create temp table came_back as
select missing_id, child_id, null as referral_id, null as own_team, null as own_worker, found_on from missing where lately(found_on, 'rhi_held');
create temp table interviewed as
select 'rhi_held' as measure, coalesce(held_team, left_team, other_team, '?') as team,
       exists (from meeting m where m.kind = 'rhi' and m.child_id = c.child_id and m.held_on between c.found_on and as_of()
               and coalesce(m.since_on = c.found_on, true))::int as value, 1 as n
from answering('came_back') c, has_file where interviews
union all select 'rhi_held', '?', 0, 0 from has_file where interviews;
insert into figure select measure, team, case when n > 0 then 100 * value / n end, n from everywhere('interviewed');

-- Only what the council has asked for.
delete from figure where not exists (
    from measure_on m where m.measure = split_part(figure.measure, '.', 1)
    and (split_part(figure.measure, '.', 2) = '' or m.rules is null or split_part(figure.measure, '.', 2) in (select unnest(m.rules))
         or m.measure = 'unallocated_priority'));
