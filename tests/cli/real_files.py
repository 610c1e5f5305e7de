#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files as people publish them: each imports, and a few values that were looked
up in it by hand are in the table. They are not part of the repository: the
folder is SLUICE_REAL, or shared/data/real beside the repository.
"""
from sluice_cli import *

REAL = os.environ.get("SLUICE_REAL", os.path.join(
    os.path.dirname(ROOT), "shared", "data", "real"))
if not os.path.isdir(REAL):
    REAL = os.path.join(os.path.dirname(os.path.dirname(ROOT)), "shared",
                        "data", "real")


def real(name):
    path = os.path.join(REAL, name)
    if not os.path.exists(path):
        raise Skip("%s is not here" % name)
    return path


def load(folder, name, *arguments, status=0):
    summary = imported(folder, real(name), "--to", "sqlite:a.sqlite", "--table",
                       "t", "--rejects", "bad.csv", *arguments, status=status)
    same(sqlite(folder, "a.sqlite", "SELECT count(*) FROM t"),
         [(summary["success_count"],)])
    return summary


def types(folder):
    return dict(sqlite(folder, "a.sqlite", "SELECT name, lower(type) FROM "
                       "pragma_table_info('t')"))


@case
def votes_of_congress(folder):
    summary = load(folder, "biden_score_2023.xlsx")
    same(summary["total_records"], 531)
    same(types(folder)["agree_pct"], "real")
    same(sqlite(folder, "a.sqlite", "SELECT * FROM t WHERE bioguide = "
                "'Z000018'"),
         [("Z000018", "Ryan Zinke", "house", None, "MT-1", "Republican", 0.037,
           -6.9)])


@case
def a_sheet_far_behind(folder):
    summary = load(folder, "biden_score_2023.xlsx", "--sheet", "votes")
    same(summary["total_records"], 36727)
    same(sqlite(folder, "a.sqlite", "SELECT count(*) FROM t WHERE chamber = "
                "'senate' AND name = 'Todd Young' AND vote = 'oppose' AND "
                "roll_id = 's99-2023'"), [(1,)])


@case
def dates_and_booleans_of_bills(folder):
    same(load(folder, "biden_score_2023.xlsx", "--sheet", "bills")
         ["total_records"], 62)
    same(sqlite(folder, "a.sqlite", "SELECT house_vote_date, house_passed, law,"
                " house_dem_agree FROM t WHERE bill_number = 'HJRES 7'"),
         [("2023-02-01", 1, 1, 0.9468599033816425)])


@case
def visas(folder):
    same(load(folder, "H-2B_FY2008.xlsx")["total_records"], 11181)
    kinds = types(folder)
    same((kinds["nbr_workers_certified"], kinds["employer_postal_code"]),
         ("integer", "text"))
    same(sqlite(folder, "a.sqlite", "SELECT decision_date, employer_name, "
                "employer_postal_code, nbr_workers_certified, prevailing_wage "
                "FROM t WHERE case_no = 'A-07257-27842'"),
         [("2007-10-01T08:12:02", "HERRINGSWELL STABLES", "19351", 15,
           "8.73")])
    same(sqlite(folder, "a.sqlite", "SELECT employer_postal_code, "
                "prevailing_wage FROM t WHERE case_no = 'C-08246-39458'"),
         [("96145", "8.3")])


@case
def a_report_with_a_title_above_it(folder):
    # The first row that holds something is the header; here it is a title
    # over one column, so every row with values beside it is rejected.
    summary = load(folder, "messytables_large.xlsx", status=1)
    same((summary["total_records"], summary["error_count"]), (32, 30))
    same(set(r["code"] for r in read_csv(folder, "bad.csv")), {"extra_value"})


@case
def a_shop(folder):
    same(load(folder, "shopify_apparel.csv")["total_records"], 22)
    same(sqlite(folder, "a.sqlite", "SELECT title, published, variant_price, "
                "option1_name FROM t WHERE handle = 'led-high-tops'"),
         [("LED High Tops", 1, 80, "Title")])


@case
def business_licences(folder):
    same(load(folder, "tucson_business_licenses.tsv")["total_records"], 7975)
    kinds = types(folder)
    same((kinds["start_to_approved"], kinds["phone"], kinds["zip_code"]),
         ("integer", "text", "integer"))
    same(sqlite(folder, "a.sqlite", "SELECT accept_date, owner_type, suite_"
                "apt_no, phone, lat FROM t WHERE business_name = "
                "'HECHO A MANO' AND accept_date = '2011-01-12'"),
         [("2011-01-12", "SOL", "NA", "NA", 32.156305)])


@case
def airports_without_a_header(folder):
    # There is no way to tell: the first airport names the columns.
    same(load(folder, "openflights_airports.dat")["total_records"], 7697)
    same(sqlite(folder, "a.sqlite", "SELECT goroka, papua_new_guinea, gka FROM "
                "t WHERE goroka_airport = 'Melitopol Air Base'"),
         [("Melitopol", "Ukraine", "\\N")])


@case
def into_postgres_as_well(folder):
    with Postgres() as pg:
        for n, (name, rows) in enumerate((
                ("H-2B_FY2008.xlsx", 11181), ("biden_score_2023.xlsx", 531),
                ("shopify_apparel.csv", 22), ("openflights_airports.dat", 7697),
                ("tucson_business_licenses.tsv", 7975))):
            imported(folder, real(name), "--to", pg.url, "--table", "t%d" % n)
            same(pg.count("t%d" % n), rows, name)


main()
