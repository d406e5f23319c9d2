-- Measures that are counts of clocks. `figure(measure, team, value, n)`: one row per measure and place.

-- A place: each team that the extract names anywhere, `?`, each service (the sum of its teams), the council (`*`).
create temp table known_team as
select distinct team from (
    select '?' as team union all select team_id from team union all select team_id from referral union all select team_id from assessment
    union all select team_id from s47 union all select team_id from conference union all select team_id from plan
    union all select team_id from allocation union all select team_id from worker union all select team_id from care_leaver
    union all select team_id from staff union all select team_id from post
) where team is not null;
create temp table place as
select team as place, team from known_team
union all select '*', team from known_team
union all select 'service:' || coalesce(service_id, service), team_id from team where coalesce(service_id, service) is not null;

create temp table figure(measure text, team text, value double, n bigint);
create temp macro days_of(m) as (select days from measure_on where measure = m);
create temp macro lately(d, m) as coalesce(d > as_of() - days_of(m) and d <= as_of(), false);

-- Sums per team of any query with `measure, team, value, n`, for each place; zero where there is nothing.
create temp macro everywhere(of) as table
select m.measure, p.place as team, coalesce(sum(t.value), 0) as value, coalesce(sum(t.n), 0)::bigint as n
from (select distinct measure from query_table(of)) m cross join place p left join query_table(of) t on t.measure = m.measure and t.team = p.team
group by all;

create temp table rule_team as select rule, team from watched, known_team where rule is not null;
create temp table clock_at as
select c.* replace (started_on::date as started_on, due_on::date as due_on, stopped_on::date as stopped_on),
       state in ('running', 'due_soon', 'overdue') as open,
       -- age against the limit, so that in time is an age up to it: of a rule in months in days, of one in hours in begun hours
       case s.unit when 'calendar_month' then coalesce(c.stopped_on::date, as_of()) - c.started_on::date
                   when 'clock_hour' then h.begun_hours else c.elapsed end as age,
       case when s.unit = 'calendar_month' then c.due_on::date - c.started_on::date else c."limit" end as most,
       due.n - today.n as working_days_ahead
from clock c join setting s using (rule) left join day due on due.d = c.due_on::date
left join (select event_id as item_ref, begun_hours from hourly) h on h.item_ref = c.item_ref and s.unit = 'clock_hour'
cross join (select n from day where d = as_of()) today;

create temp table per_rule as
select 'open.' || rule as measure, team, count(*) filter (where open)::double as value, count(*) filter (where open) as n from clock_at group by rule, team
union all
select 'overdue.' || rule, team, count(*) filter (where state = 'overdue'), count(*) filter (where open) from clock_at group by rule, team
union all
select 'due_soon.' || rule, team, count(*) filter (where state = 'due_soon'), count(*) filter (where open) from clock_at group by rule, team
union all
select 'due_5.' || rule, team, count(*) filter (where open and state <> 'overdue' and working_days_ahead <= 5), count(*) filter (where open)
from clock_at group by rule, team
union all
select 'due_10.' || rule, team, count(*) filter (where open and state <> 'overdue' and working_days_ahead <= 10), count(*) filter (where open)
from clock_at group by rule, team
union all
select 'completed.' || rule, team, count(*) filter (where lately(stopped_on, 'completed')), count(*) filter (where lately(stopped_on, 'completed'))
from clock_at group by rule, team
union all
select 'in_time.' || rule, team, count(*) filter (where state = 'done_in_time' and lately(stopped_on, 'in_time')),
       count(*) filter (where lately(stopped_on, 'in_time')) from clock_at group by rule, team;

-- By how much of the limit has passed. Of a limit of 0 all has passed on the first day.
create temp table band as from (values
    ('to_25', -1, 0.25), ('to_50', 0.25, 0.5), ('to_75', 0.5, 0.75), ('to_100', 0.75, 1), ('to_150', 1, 1.5), ('over_150', 1.5, 1e9)
) as band(band, over_, up_to);
insert into per_rule
select 'age_band.' || rule || '.' || band, team,
       count(*) filter (where open and age > over_ * most and age <= up_to * most
                        or open and most = 0 and (band = 'to_100' and age = 0 or band = 'over_150' and age > 0)),
       count(*) filter (where open)
from (select * from clock_at) c cross join band group by rule, band, team;

-- Forecast: of what is due within 5 or 10 working days the share S(limit) / S(age) will be late. S by Kaplan and Meier from all clocks of the
-- rule; each team's share of work done at an age is pulled towards the council's by 20 observations.
create temp table done_at as
select rule, team, age, count(*) as many, count(*) filter (where not open) as done from clock_at group by all;
create temp table hazard as
with ages as (select distinct rule, age from done_at where done > 0),
council as (
    select a.rule, a.age, sum(d.done) filter (where d.age = a.age) as done, sum(d.many) as at_risk
    from ages a join done_at d on d.rule = a.rule and d.age >= a.age group by all
),
teams as (
    select a.rule, a.age, t.team, coalesce(sum(d.done) filter (where d.age = a.age), 0) as done, coalesce(sum(d.many), 0) as at_risk
    from ages a cross join known_team t left join done_at d on d.rule = a.rule and d.team = t.team and d.age >= a.age group by all
)
select t.rule, t.age, t.team, (t.done + 20 * c.done / c.at_risk) / (t.at_risk + 20) as share
from teams t join council c using (rule, age);
create temp table foretold as
select c.rule, c.team, c.item_ref, c.started_on, c.working_days_ahead,
       coalesce((select product(1 - h.share) from hazard h where h.rule = c.rule and h.team = c.team and h.age > c.age and h.age <= c.most), 1) as late
from clock_at c where c.open and c.state <> 'overdue' and c.working_days_ahead <= 10;
insert into per_rule
select 'expected_5.' || rule, team, sum(late) filter (where working_days_ahead <= 5), count(*) filter (where working_days_ahead <= 5)
from foretold group by all
union all select 'expected_10.' || rule, team, sum(late), count(*) from foretold group by all;

-- Of what was open and not late 5 working days before the last working day, and fell due since: what was not done by then.
insert into per_rule
with then_ as (select max(n) - 5 as n from day where working and d < as_of()),
back as (select b.d as day, b.n from nth_working_day b join then_ using (n))
select 'fell_due_5.' || rule, team, count(*), count(*)
from clock_at c join back on c.started_on <= back.day and coalesce(c.stopped_on > back.day, true) join day due on due.d = c.due_on
where c.state in ('overdue', 'done_late') and due.n <= back.n + 5
  and c.due_on >= back.day + (rule = 'rhi_72h')::int  -- what is due at an hour of a day is late at the end of that day
group by rule, team;

insert into per_rule  -- a watched rule without a clock has zeros
select measure || '.' || rule || coalesce('.' || band, ''), team, 0, 0
from rule_team, (select unnest(['open', 'overdue', 'due_soon', 'due_5', 'due_10', 'completed', 'in_time', 'expected_5', 'expected_10',
                                'fell_due_5']) as measure, null as band
                 union all select 'age_band', band from band);

insert into figure
select measure, team, case when measure like 'in_time.%' then case when n > 0 then 100 * value / n end else value end, n from everywhere('per_rule');

-- How long: the median of the open work, and the oldest of it; of each place anew.
insert into figure
with ages as (
    select rule, place, list(elapsed order by elapsed) filter (where open) as ages
    from watched join place on rule is not null left join clock_at using (rule, team) group by all
)
select m || '.' || rule, place, case m when 'oldest' then ages[-1] else list_median(ages) end, coalesce(len(ages), 0)
from ages, (values ('median_age'), ('oldest')) as two(m);

-- Supervision that is late or in its lead, of workers and cases; not that of recording.
create temp table due_supervision as
select 'supervision_due' as measure, team, count(*) filter (where state in ('overdue', 'due_soon')) as value, count(*) filter (where open) as n
from clock_at where rule like 'supervision_%' and rule <> 'supervision_recorded' group by team
union all select 'supervision_due', '?', 0, 0 where exists (from watched where rule like 'supervision_%' and rule <> 'supervision_recorded');
insert into figure from everywhere('due_supervision');
