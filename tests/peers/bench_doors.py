"""Every door to a switch in one run: see bench_doors.

    bench_doors.py MERCURY [--calls N]

Prints the rows of bench_transports, then that of bench_fleet, then what is asked of them and
whether it is so, and how busy the machine was before and after. Ends with 1 where it is not so.
"""

import argparse
import contextlib
import io
import json
import os
import sys

import bench_fleet
import bench_transports


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("mercury")
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    load = [os.getloadavg()[0]]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        bench_transports.measured(options.mercury, options.calls)
    print(printed.getvalue(), end="", flush=True)
    fleet = bench_fleet.side_by_side(options.mercury, options.calls)
    print(json.dumps({"row": "hand-over", **fleet}))
    load.append(os.getloadavg()[0])
    told = judged([json.loads(line) for line in printed.getvalue().splitlines()], fleet)
    print(json.dumps({"cores": os.cpu_count(), "load_before": load[0], "load_after": load[1], **told}))
    sys.exit(not all(of["is_so"] for of in told.values()))


def judged(lines, fleet):
    rows = {(line["switch"], line["row"]): line for line in lines if "row" in line}
    warm = {by: rows["simulated", f"warm call, {by}"] for by in ("SSH", "TLS", "RESTCONF")}
    cold = next(line for line in lines if "cold_ssh_over_tls_p50" in line)["cold_ssh_over_tls_p50"]
    requests = warm["RESTCONF"]["flights_per_call"]
    return {
        "warm_tls_is_no_slower_than_ssh": {
            "ssh_p50_ms": warm["SSH"]["p50_ms"], "tls_p50_ms": warm["TLS"]["p50_ms"],
            "is_so": warm["TLS"]["p50_ms"] <= warm["SSH"]["p50_ms"]},
        "cold_tls_takes_half_of_ssh_at_most": {**cold, "is_so": cold["netconfd"] >= 2},
        "restconf_takes_four_requests_at_most": {"requests": requests, "is_so": requests <= 4},
        "a_hand_over_takes_1_ms_more_at_most": {
            "p50_more_ms": fleet["p50_more_ms"], "is_so": fleet["p50_more_ms"] <= 1},
    }


if __name__ == "__main__":
    main()
