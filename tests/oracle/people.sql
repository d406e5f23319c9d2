-- Who is a real person, who is at work, who holds a case, and which team and worker answer for it.

create temp macro past(d) as case when d <= as_of() then d end;  -- what comes later has not happened yet
create temp macro after_months(d, m) as (d + to_months(m::int))::date;  -- the end of the month is kept

-- A duty pool or an inbox is nobody, even where another cell of the line says it is a person. Else staff.csv goes before the guess from names.
create temp table worker_known as
select worker_id,
       case when s.role in ('duty_pool', 'inbox') then false
            when s.is_person is not null then s.is_person
            when s.role is not null then true
            else coalesce(w.is_person, true) end as is_person,
       -- has left, or is away for 28 days or more and not back yet: since then
       case when s.ended_on <= as_of() then s.ended_on
            when s.absent_from <= as_of() and coalesce(s.absent_to >= as_of(), true)
                 and greatest(coalesce(s.absent_to, as_of()), as_of()) - s.absent_from >= 28 then s.absent_from end as gone_on,
       coalesce(s.team_id, w.team_id) as team, s.started_on as staff_since, s.fte, s.agency,
       s.worker_id is not null as in_staff
from (select worker_id from allocation union select worker_id from worker union select worker_id from staff) known
left join worker w using (worker_id) left join staff s using (worker_id)
where worker_id is not null;

-- The roles of case-holding workers; every role where the source names none or the extract has no roles.
create temp macro role_counts(r) as
    lower(trim(r)) in (select lower(trim(role)) from allocated_role)
    or not exists (from allocated_role) or not exists (from allocation where role is not null);

create temp table involvement as
select a.allocation_id, a.child_id, a.referral_id, a.worker_id, a.started_on, a._nr,
       r.referral_id as linked_to,  -- one that names no known referral is about the child
       coalesce(role_counts(a.role), false) as holds,
       coalesce(role_counts(a.role), false) and coalesce(k.is_person, false) as real,
       least(past(a.ended_on), case when k.gone_on is not null then greatest(k.gone_on, a.started_on) end) as ended_on,
       coalesce(a.team_id, k.team) as team
from allocation a
left join referral r on r.referral_id = a.referral_id
left join worker_known k on k.worker_id = a.worker_id
where coalesce(a.started_on <= as_of(), true) and coalesce(a.started_on <= a.ended_on, true);

-- (referral, involvement) and (child, involvement): one that names a referral is about that one only.
create temp table about_referral as
select r.referral_id, i.* exclude (referral_id) from referral r join involvement i on i.linked_to = r.referral_id
union all
select r.referral_id, i.* exclude (referral_id) from referral r join involvement i on i.linked_to is null and i.child_id = r.child_id;

-- Who speaks for a case: of those that name it and those that name no known case a real allocated worker before a pool, then the latest. An
-- item without a case: of all of the child's. Who left it last, of the real ones. Where that gives nobody, who holds or held any case of the child.
create temp table heard as
select 'now' as which, *, row_number() over (order by real, started_on nulls first, allocation_id) as place from involvement where holds and ended_on is null
union all
select 'left', *, row_number() over (order by ended_on, allocation_id) from involvement where real and ended_on is not null;
create temp table speaker as
with known as (
    select 'case ' || referral_id as key, * from heard where referral_id is not null
    union all select 'free ' || child_id, * from heard where linked_to is null
    union all select 'any ' || child_id, * from heard)
select distinct on (which, key) which, key, place, team, worker_id, real from known order by which, key, place desc;

create temp macro speaks(now_or_left) as table select * from speaker where which = now_or_left;
create temp macro answering(of) as table
select o.*, case when w.is_person is distinct from false then o.own_worker end as own_person, case when w.is_person then w.team end as own_person_team,
       case when coalesce(h.place >= f.place, f.place is null) then h.team else f.team end as held_team,
       case when coalesce(h.place >= f.place, f.place is null) then if(h.real, h.worker_id, null) else if(f.real, f.worker_id, null) end as held_worker,
       case when coalesce(l.place >= m.place, m.place is null) then l.team else m.team end as left_team,
       r.team_id as referral_team, coalesce(a.team, b.team) as other_team
from query_table(of) o
left join worker_known w on w.worker_id = o.own_worker
left join referral r on r.referral_id = o.referral_id
left join speaks('now') h on h.key = 'case ' || o.referral_id
left join speaks('now') f on f.key = if(o.referral_id is null, 'any ', 'free ') || o.child_id
left join speaks('left') l on l.key = 'case ' || o.referral_id
left join speaks('left') m on m.key = if(o.referral_id is null, 'any ', 'free ') || o.child_id
left join speaks('now') a on a.key = 'any ' || o.child_id left join speaks('left') b on b.key = 'any ' || o.child_id;
