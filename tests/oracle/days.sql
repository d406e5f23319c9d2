-- The working days of England, 1990 to 2032: Monday to Friday without the bank holidays.
-- Sources: Banking and Financial Dealings Act 1971, schedule 1; substitute days and proclaimed days as in the lists of gov.uk/bank-holidays.
-- `day(d, working, n)`: one row per calendar day; n counts the working days up to and with d, so elapsed(a, b) = n(b) - n(a).

create macro easter(y) as (  -- Sunday, by the anonymous Gregorian computation
    with g(a, b, c) as (select y % 19, y // 100, y % 100),
         h(a, b, c, h) as (select a, b, c, (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30 from g),
         l(a, h, l) as (select a, h, (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7 from h),
         m(s) as (select h + l - 7 * ((a + 11 * h + 22 * l) // 451) + 114 from l)
    select make_date(y, s // 31, s % 31 + 1) from m
);
create macro monday_from(d) as (d + ((8 - isodow(d)) % 7)::int)::date;  -- that day or the next Monday
create macro last_monday(y, m) as monday_from((last_day(make_date(y, m, 1)) - 6)::date);
create macro no_weekend(d) as (case isodow(d) when 6 then d + 2 when 7 then d + 1 else d end)::date;

create table bank_holiday as
with y as (select unnest(range(1990, 2033))::bigint as y),
yearly as (
    select no_weekend(make_date(y, 1, 1)) as d from y
    union all select easter(y) - 2 from y
    union all select easter(y) + 1 from y
    union all select case y when 1995 then date '1995-05-08' when 2020 then date '2020-05-08' else monday_from(make_date(y, 5, 1)) end from y
    union all select case y when 2002 then date '2002-06-04' when 2012 then date '2012-06-04' when 2022 then date '2022-06-02'
                            else last_monday(y, 5) end from y
    union all select last_monday(y, 8) from y
    union all select make_date(y, 12, 25) from y
    union all select make_date(y, 12, 26) from y
    union all select make_date(y, 12, 27) from y where isodow(make_date(y, 12, 25)) in (6, 7)  -- Christmas on a weekend: the 27th
    union all select make_date(y, 12, 28) from y where isodow(make_date(y, 12, 26)) in (6, 7)  -- Boxing Day on a weekend: the 28th
),
once as (
    select unnest([date '1999-12-31', date '2002-06-03', date '2011-04-29', date '2012-06-05', date '2022-06-03', date '2022-09-19',
                   date '2023-05-08']) as d
)
select distinct d::date as d from (select d from yearly union all select d from once);

create table day as
with d as (select unnest(generate_series(timestamp '1990-01-01', timestamp '2032-12-31', interval 1 day))::date as d)
select d, isodow(d) <= 5 and d not in (select d from bank_holiday) as working,
       count(*) filter (where isodow(d) <= 5 and d not in (select d from bank_holiday)) over (order by d) as n
from d;

create table nth_working_day as select n, d from day where working;
