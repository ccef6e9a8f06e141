"""Makes orders.csv from UCI Online Retail: one row an order or refund of a known customer, in the order of time.

    python3 prepare.py online_retail.csv.gz orders.csv

A refund names the customer's latest earlier order that holds the returned article; one without such an order is left out.
"""

import collections
import csv
import datetime
import gzip
import sys


def main(source: str, target: str) -> None:
    invoices: dict[str, dict] = {}
    with gzip.open(source, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        for line in csv.DictReader(lines):
            if not line["CustomerID"] or float(line["UnitPrice"]) <= 0:
                continue
            at = datetime.datetime.fromisoformat(line["InvoiceDate"])
            invoice = invoices.setdefault(
                line["InvoiceNo"],
                {"at": at, "customer": int(float(line["CustomerID"])), "country": line["Country"], "lines": []},
            )
            amount = round(int(line["Quantity"]) * float(line["UnitPrice"]) * 100)
            invoice["lines"].append((line["StockCode"], line["Description"].strip(), amount))

    rows = []
    latest: dict[tuple[int, str], str] = {}
    for number, invoice in sorted(invoices.items(), key=lambda item: (item[1]["at"], item[0])):
        when = invoice["at"].strftime("%Y-%m-%dT%H:%M:%SZ")
        if number.startswith("C"):
            back: dict[str, int] = collections.Counter()
            for code, _, amount in invoice["lines"]:
                order = latest.get((invoice["customer"], code))
                if order:
                    back[order] -= amount
            rows += [(when, order, invoice["customer"], invoice["country"], -amount, "") for order, amount in back.items()]
            continue
        total = sum(amount for _, _, amount in invoice["lines"])
        if total <= 0:
            continue
        for code, _, _ in invoice["lines"]:
            latest[(invoice["customer"], code)] = number
        best = sorted(invoice["lines"], key=lambda line: -line[2])[:3]
        products = "|".join(dict.fromkeys(name for _, name, _ in best if name))
        rows.append((when, number, invoice["customer"], invoice["country"], total, products))

    with open(target, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["at", "order", "customer", "country", "pence", "products"])
        writer.writerows(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
