"""Headline words that say the same. Hand-written: the verbs and nouns by which papers vary one event.

Each line is one meaning (or more of it); its first word is the term that stands for all. Kept short on purpose:
a word that often means something else (`back`, `hit`, `deal`) would join what is different.
"""

from __future__ import annotations

from functools import lru_cache

SAME = """
acquire acquires acquired acquiring acquisition buy buys bought buying buyout purchase purchases purchased takeover
sue sues sued suing lawsuit lawsuits suit litigation
fine fines fined penalty penalties
layoff layoffs redundancies redundancy
outage outages offline downtime disruption
resign resigns resigned resigning resignation quit quits quitting resigns
probe probes probed probing investigate investigates investigated investigating investigation investigators inquiry
launch launches launched launching unveil unveils unveiled unveiling release releases released
launch debut debuts introduce introduces introduced introducing
appoint appoints appointed appointing hire hires hired hiring
hack hacks hacked hacker hackers breach breaches breached
ban bans banned banning block blocks blocked blocking bar bars barred
delay delays delayed delaying postpone postpones postponed
flaw flaws vulnerability vulnerabilities
rise rises rose rising climb climbs climbed jump jumps jumped soar soars soared
rise surge surges surged gain gains
fall falls fell falling drop drops dropped plunge plunges plunged slide slides slid
fall tumble tumbles tumbled slump slumps slip slips slipped sink sinks
profit profits earnings
revenue revenues sales turnover
ceo ceos
crash crashes crashed
death deaths dead dies died die dying
arrest arrests arrested detain detains detained detention
kill kills killed killing
injure injured injures injuries hurt wounded
reveal reveals revealed disclose discloses disclosed
deny denies denied denial
approve approves approved approval
reject rejects rejected rejection
share shares stock stocks
ipo
plane planes aircraft jet airliner
film films movie movies
marijuana pot cannabis weed
phone phones smartphone smartphones cellphone cellphones
car cars auto autos automobile
job jobs
kid kids child children
tv television
oust ousts ousted ousting
derail derails derailed derailment
"""

# Several words that are one term.
PHRASES = {
    "chief executive": "ceo",
    "chief financial": "cfo",
    "chief technology": "cto",
    "lay off": "layoff",
    "lays off": "layoff",
    "laid off": "layoff",
    "laying off": "layoff",
    "job cuts": "layoff",
    "cut jobs": "layoff",
    "cuts jobs": "layoff",
    "step down": "resign",
    "steps down": "resign",
    "stepped down": "resign",
    "stepping down": "resign",
    "goes down": "outage",
    "went down": "outage",
    "is down": "outage",
    "are down": "outage",
    "take over": "acquire",
    "takes over": "acquire",
    "taken over": "acquire",
    "public offering": "ipo",
    "class action": "sue",
    "data center": "datacenter",
    "data centers": "datacenter",
    "data centre": "datacenter",
    "data centres": "datacenter",
    "log in": "login",
    "shut down": "shutdown",
    "shuts down": "shutdown",
}

NUMBERS = {
    name: str(value)
    for value, names in {
        2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
        11: "eleven", 12: "twelve", 15: "fifteen", 20: "twenty", 30: "thirty", 40: "forty", 50: "fifty",
        60: "sixty", 70: "seventy", 80: "eighty", 90: "ninety",
    }.items()
    for name in names.split()
}  # fmt: skip


@lru_cache(maxsize=1)
def synonyms() -> dict[str, str]:
    """Each word of `SAME` with the word that stands for it."""
    lines = (line.split() for line in SAME.strip().splitlines())
    return {word: words[0] for words in lines for word in words}
