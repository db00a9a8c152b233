"""Questions on documents that come with them: claims must cite the document they stand in.

All documents are invented for this project.  They are longer than an answer may be, so copying them is none.
"""

TASK = "research"
MAX_WORDS = 200
ASK = ("Answer in prose from the documents alone, in at most {n} words. Put behind each claim the number of its source in brackets, as [1], and end with the list of the sources you "
       "used, one a line, as `[1] {example}`.")


def report(ids, about, question, docs, claims):
    """docs: source to text.  claims: (sentence without mark, source, terms that must be in it)."""
    item_id = ids(TASK, about)
    files, sources = {}, list(docs)
    for n, (source, words) in enumerate(docs.items(), 1):
        files[f"files/{item_id}-{n}.txt"] = f"Document {source}\n\n{words.strip()}\n"
    assert sum(len(t.split()) for t in files.values()) > 1.3 * MAX_WORDS, (item_id, sum(len(t.split()) for t in files.values()))
    used, lines, points = [], [], []
    for sentence, source, terms in claims:
        if source not in used:
            used.append(source)
        lines.append(f"{sentence} [{used.index(source) + 1}].")
        for any_of in terms:
            any_of = [any_of] if isinstance(any_of, str) else any_of
            assert any(t.lower() in sentence.lower() for t in any_of), (item_id, sentence, any_of)
            assert not any(t.lower() in question.lower() for t in any_of), (item_id, any_of)
            holds = [s for s in sources if any(t.lower() in docs[s].lower() for t in any_of)]
            assert source in holds, (item_id, source, any_of)
            points.append({"any": any_of, "from": holds})
    listed = "\n".join(f"[{i}] {s}" for i, s in enumerate(used, 1))
    prompt = f"{question.strip()}\n\nThe documents are {', '.join(sources[:-1])} and {sources[-1]}. {ASK.format(n=MAX_WORDS - 30, example=sources[0])}"
    return {"id": item_id, "task_type": TASK, "prompt": prompt, "inputs": [{"file": f, "as": "text"} for f in files],
            "scorer": {"kind": "citations", "sources": sources, "min_sources": 2, "points": points, "at_least": 0.6, "min_words": 25, "max_words": MAX_WORDS},
            "reference": {"text": " ".join(lines) + "\n\n" + listed}, "_files": files}


def building(ids, kind, place, architect, wrong, year, cost, stone, metres, closed, reason, now):
    slug = f"docs.example/{place.lower().replace(' ', '-')}"
    docs = {
        f"{slug}/chronicle": f"""
The {kind} of {place} has been drawn on every map of the coast since it was opened. According to the memory of the older families, which this chronicle follows, it was finished in {wrong}, in the same summer in
which the school got its second floor. The plans are by {architect}, who lived in the inn for two winters and is said to have paid for his room with drawings of the harbour. It measures {metres} metres from the ground to the
top, a little more than the church, which led to a quarrel with the vicar that lasted for years. Visitors often ask about the iron ring in the north wall; nobody knows what it was for.""",
        f"{slug}/accounts": f"""
From the account books of the building committee. The whole work came to {cost} crowns, of which the district gave a third and the fishermen's fund the rest. The stone was brought by barge from {stone}, since the
quarry near the village had been flooded in the spring. Forty masons were paid by the day, the carpenters by the piece. A separate page lists what was spent on rope, lamp oil, and bread, and notes that two
horses were lost in the bog. The committee met for the last time in the week after the opening and gave what was left in the box, eleven crowns, to the widow of a carter.""",
        f"{slug}/archive-note": f"""
Note of the district archive. The year given in the village chronicle is wrong: the letter of acceptance, signed by three inspectors, is dated {year}, and the bill for the opening dinner is from the same month. The
{kind} was closed in {closed} because of {reason}; a plan to repair it was given up twice for want of money. Since then the building has been used as {now}, and the key is kept at the town hall.
The archive also holds eleven photographs, most of them undated, and the visitors' book, whose first pages were torn out before it came to us.""",
    }
    c, a, n = docs
    return report(ids, "building", f"Who planned the {kind} of {place} and how high is it, what did it cost and where did its material come from, in which year was it really finished, when and why was it "
                  "closed, and what is it used for today?", docs, [
                      (f"The plans of the {kind} are by {architect}, and it is {metres} metres high", c, [architect, f"{metres} metres"]),
                      (f"The work came to {cost} crowns in all", a, [[cost, cost.replace(",", "")]]),
                      (f"Its stone was brought there by barge from {stone}", a, [stone]),
                      (f"It was really finished in {year}, as the letter of acceptance shows, and not when the chronicle says", n, [str(year)]),
                      (f"It was closed in {closed} because of {reason}", n, [str(closed), reason]),
                      (f"Today the building is used as {now}", n, [now])])


def products(ids, thing, slug, rows, field):
    """rows: three of (name, watts, litres, years of warranty, lowest temperature); field: what was seen in use of one."""
    docs = {}
    for name, watts, litres, years, cold in rows:
        docs[f"docs.example/{slug}/{name.lower().replace(' ', '-')}"] = f"""
Data sheet of the {thing} {name}. It takes {watts} watts at full load and moves {litres} litres a minute. It may be used down to {cold} degrees below zero, with the usual care. The maker gives a warranty of {years} years on
the motor; seals, filters and cables are excluded, as is damage by sand. The housing is of coated aluminium, the cable is ten metres long, and the plug fits all common sockets. In the box are a hose clamp, a
brush for the sieve and a sheet with drawings. Spare parts can be ordered from the works for at least ten years after the last one was sold. Its colour may differ from the pictures."""
    who, what, term = field
    docs[f"docs.example/{slug}/field-test"] = f"""
We ran all three for a season at the same pond, each for eleven hours a day, and opened them afterwards. Two looked like new. In the {who} we found {what}, which the data sheets do not mention; its maker has answered that a
new part will be fitted free of charge. Noise was much the same for all, and none of them was as loud as the frogs. Handling differs little; the heaviest one has the better handle. We did not test them in frost, and we took
the figures for power and flow as they stand in the data sheets, after checking that they are about right."""
    name = lambda k, f: f(rows, key=lambda r: r[k])
    low, flow, warranty, cold = name(1, min), name(2, max), name(3, max), name(4, max)
    src = lambda r: f"docs.example/{slug}/{r[0].lower().replace(' ', '-')}"
    return report(ids, "products", f"Three {thing}s are compared. Which takes the least power, and how much; which moves the most water, and how much; which has the longest warranty; how cold may it be for the one that "
                  "stands the most frost; and what was found wrong when they were used?", docs, [
                      (f"The least power is taken by the {low[0]}, which needs {low[1]} watts", src(low), [f"{low[1]} watts"]),
                      (f"The most is moved by the {flow[0]} with {flow[2]} litres in a minute", src(flow), [f"{flow[2]} litres"]),
                      (f"The longest warranty, of {warranty[3]} years, comes with the {warranty[0]}", src(warranty), [f"{warranty[3]} years"]),
                      (f"The one that may be used at {cold[4]} degrees below zero is the {cold[0]}", src(cold), [f"{cold[4]} degrees"]),
                      (f"After a season in use the {who} was found to have {what}", f"docs.example/{slug}/field-test", [term])])


def incident(ids, service, begin, minutes, users, cause, fix, prevention, red):
    slug = f"docs.example/{service.lower().replace(' ', '-')}"
    (cause_said, cause_term), (fix_said, fix_term), (prevention_said, prevention_term), (red_said, red_term) = cause, fix, prevention, red
    docs = {
        f"{slug}/status": f"""
Status page of {service}. At {begin} we saw the first errors. For {minutes} minutes most requests were answered with an error page; afterwards everything worked again, at first more slowly than usual. We counted {users} customers who were
affected. No data were lost. We first wrote here that {red_said} was the reason; this has turned out to be wrong, and we apologise for the confusion. Customers with a support contract have been told by mail. If
you still see old pages please empty your browser's cache once and sign in again. A full report follows within ten days.""",
        f"{slug}/log": f"""
Notes of the engineer on call, tidied. The graphs showed nothing strange until the queue began to grow. I restarted two machines, which did not help, and I looked at {red_said}, which was healthy. The real cause was {cause_said}:
the moment I saw that, all the rest made sense. What ended it was {fix_said}. I then watched the queue run empty, which took some time, and wrote to the customers. Coffee at home was bad. The dashboard should show the
age of the oldest entry, not only the length, for the length alone looks harmless until it is too late.""",
        f"{slug}/review": f"""
Review, two weeks later, with all who took part and without looking for somebody to blame. What went well: the first look came within four minutes, and the page for customers was kept up to date. What did not: two people
followed the wrong trail, and the runbook was out of date. From now on {prevention_said}. The runbook has been rewritten and tried out by somebody who had never seen it. We also discussed a second region and decided
against it for now, because of the cost; the question will be asked again next year.""",
    }
    s, log, review = docs
    return report(ids, "incident", f"What happened to {service}: when did it begin and how long did it last, how many were affected, what was first taken for the cause, what was the real one, what ended it, and what has been changed "
                  "so that it does not happen again?", docs, [
                      (f"It began at {begin} and lasted for {minutes} minutes", s, [begin, f"{minutes} minutes"]),
                      (f"In all there were {users} customers who felt it", s, [[users, users.replace(",", "")]]),
                      (f"At first it was thought that {red_said} was to blame", s, [red_term]),
                      (f"The real cause, as the engineer found, was {cause_said}", log, [cause_term]),
                      (f"It was ended by {fix_said}", log, [fix_term]),
                      (f"As the review says, from now on {prevention_said}", review, [prevention_term])])


def trial(ids, plant, place, plots, kinds, base, flaw, advice):
    """kinds: three of (variety, kilograms a plot); base: the variety the others are compared with."""
    slug = f"docs.example/{place.lower().replace(' ', '-')}-trial"
    (flaw_said, flaw_term), (advice_said, advice_term) = flaw, advice
    best = max(kinds, key=lambda k: k[1])
    worst = min(kinds, key=lambda k: k[1])
    docs = {
        f"{slug}/method": f"""
How the {plant} trial at {place} was done. {plots} plots of the same size were drawn by lot, and every variety stood on a third of them. All were sown in one day and watered alike. Hoeing was done by hand, once a week, by people who did not know
which variety stood where. Weights were taken on the day of the harvest with one balance, which had been checked in the morning. Plots at the edge of the field were left out of the lot from the start. The weather was
that of an ordinary year, with a dry fortnight in June. The seed came from three merchants and was tested for germination before sowing.""",
        f"{slug}/results": f"""
Results. The mean weights of a plot were: {kinds[0][0]} {kinds[0][1]} kilograms, {kinds[1][0]} {kinds[1][1]} kilograms, {kinds[2][0]} {kinds[2][1]} kilograms. The plots of one variety differed from each other by less than a tenth. Taste was judged by eleven
people with closed eyes, who saw no difference worth naming. Leaves were counted as well; the counts are in the appendix and follow the weights closely. The plots were photographed from a mast each Monday, and the
pictures may be asked for. No plot was lost, though hares got in once and were chased out before they had eaten much.""",
        f"{slug}/comment": f"""
A comment by a neighbouring station. The trial was done with care, but one thing should be known before anybody plans a whole farm by it: {flaw_said}. This does not make the order of the varieties doubtful, only the size of
the differences. Until a second year has been seen our advice is {advice_said}. We have offered the use of our own field, which lies higher and is windier, and our balance. The authors have thanked us and agreed in
part; their reply is printed beside this comment. We would also like the names of the merchants to be given next time.""",
    }
    m, r, c = docs
    return report(ids, "trial", f"How was the {plant} trial at {place} laid out, which variety did best and which worst and with what weights, which weakness does the comment point out, and what does it advise?", docs, [
        (f"The trial was made on {plots} plots that were drawn by lot", m, [f"{plots} plots"]),
        ("Those who hoed did not know which variety stood on which of them", m, [["did not know", "not know which"]]),
        (f"The best was {best[0]} with a mean of {best[1]} kilograms on each", r, [best[0], f"{best[1]} kilograms"]),
        (f"The worst of the three was {worst[0]} with {worst[1]} kilograms", r, [worst[0], f"{worst[1]} kilograms"]),
        (f"The comment points out that {flaw_said}", c, [flaw_term]),
        (f"What it advises until there is a second year is {advice_said}", c, [advice_term])])


def dates(day):
    """1 April 2029 as people also write it."""
    d, month, year = day.split()
    return [day, f"{month} {d}, {year}", f"{month} {d} {year}"]


def rule(ids, town, subject, old, new, since, exception, fee, office, days):
    slug = f"docs.example/{town.lower()}"
    (exception_said, exception_term) = exception
    docs = {
        f"{slug}/rule-old": f"""
Rule of the town of {town} on {subject}, as it was until it was replaced. Everybody who lives here may have {old} without asking. Who wants more writes a letter to the mayor, in which the reasons are given. The mayor answers when the
council has met. Neighbours are heard if they ask for it. What is on the street after eight in the evening is taken away at the cost of the owner and can be fetched at the yard between seven and noon. This rule is posted
at the door of the town hall and is read out once a year at the meeting of all citizens, as has been the custom since the fire.""",
        f"{slug}/rule-new": f"""
The council of {town} has made the following rule on {subject}, which replaces all earlier ones from {since} on. Without a permit {new} are allowed. A permit for more costs {fee} crowns a year and is given for one year at a time. It can be
taken back if the place is not kept clean. What was allowed before stays allowed until the end of the year in which this rule begins. The fine for having more than is allowed is set by the court. Nothing in this
rule touches the rights of those who own the ground on both sides of the road, which are settled by contract.""",
        f"{slug}/questions": f"""
Questions we are often asked about the new rule. Where do I get a permit? At {office}; please bring a drawing. How long does it take? At most {days} days; if you hear nothing by then it counts as given. Is anybody exempt? Yes: {exception_said} need no permit,
however many they have. Can I pay in two parts? No. Does the rule hold on Sundays? It does. May my neighbour object? He will be asked, but the decision is ours. Does it matter what colour they are? It does not, though the
council is grateful for modest ones. Who wrote this page? We did, and we answer the telephone, too.""",
    }
    _, n, q = docs
    return report(ids, "rule", f"What does the rule of {town} on {subject} say today: how many are allowed without a permit, since when, what does a permit for more cost, where is it to be had and how long does that take at most, and who is "
                  "exempt? Do not report what is no longer in force.", docs, [
                      (f"Since {since} {new} are allowed there without any permit", n, [dates(since), new]),
                      (f"For more than that a permit is needed, which costs {fee} crowns in a year", n, [f"{fee} crowns"]),
                      (f"Whoever wants one has to ask for it at {office} and to bring a drawing", q, [office]),
                      (f"It takes at most {days} days until it is given or counts as given", q, [f"{days} days"]),
                      (f"Of those who are exempt the page says that {exception_said} need none", q, [exception_term])])


def train(ids):
    return [
        building(ids, "lighthouse", "Skarn Head", "Iver Thoms", 1871, 1874, "41,300", "Lomvik", 27, 1952, "cracks in the gallery", "a bird station"),
        building(ids, "mill", "Oster Brook", "Clara Vendt", 1809, 1813, "8,750", "Hagen", 19, 1931, "a broken shaft", "a library"),
        building(ids, "tower", "Port Avel", "Remy Castan", 1790, 1788, "15,020", "Monrez", 33, 1918, "rot in the stairs", "a museum of knots"),
        products(ids, "pond pump", "pumps", [("Hydra 3", 145, 92, 4, 9), ("Tarn S", 88, 61, 3, 22), ("Mole 70", 210, 118, 6, 5)], ("Hydra 3", "a worn bearing", "worn bearing")),
        products(ids, "cellar pump", "cellar", [("Otter", 320, 150, 2, 4), ("Beck 12", 275, 131, 5, 17), ("Weir", 410, 204, 3, 11)], ("Weir", "water in the switch box", "switch box")),
        products(ids, "garden pump", "garden", [("Lark", 64, 38, 7, 3), ("Ibis 2", 97, 71, 2, 14), ("Crane", 81, 55, 4, 26)], ("Lark", "a torn diaphragm", "torn diaphragm")),
        incident(ids, "Parcelmill", "06:42", 53, "1,904", ("a certificate that had run out in the night", "certificate"), ("putting in a new one by hand", ["by hand", "manually"]),
                 ("a job reports every certificate thirty days before its end", "thirty days"), ("the cooling of the hall", "cooling")),
        incident(ids, "Ferrytickets", "17:08", 96, "12,377", ("an index that had been dropped with a release", "index"), ("building it again on a copy", ["on a copy", "rebuilding it", "rebuilt"]),
                 ("each release is tried on real amounts of rows first", "real amounts"), ("a flood of robots", "robots")),
        incident(ids, "Songshelf", "23:31", 128, "740", ("a clock that ran eleven minutes ahead", "ran eleven minutes ahead"), ("taking that machine out of the group", ["out of the group", "from the group"]),
                 ("machines with a wrong time are refused at the door", "wrong time"), ("a damaged cable", "damaged cable")),
        trial(ids, "bean", "Hollow Farm", 36, [("Marlo", 14.2), ("Sable", 11.9), ("Quick White", 12.6)], "Sable", ("the Marlo plots lay closer to the ditch", "ditch"), ("to sow two varieties side by side", "side by side")),
        trial(ids, "barley", "Eastmoor", 54, [("Grane", 31.5), ("Torr", 35.8), ("Old Blue", 29.4)], "Grane", ("all seed of Torr was two years younger", "two years younger"), ("to keep a third of the land with Grane", "third of the land")),
        trial(ids, "onion", "Saltmarsh", 24, [("Rondo", 22.1), ("Karmin", 18.7), ("Early Pale", 20.3)], "Rondo", ("the balance was read only to half a kilogram", "half a kilogram"), ("to buy seed of all three", "all three")),
        rule(ids, "Vellin", "beehives", "two of them", "four hives", "1 April 2029", ("schools with a garden", "schools"), 35, "the office for gardens", 21),
        rule(ids, "Ostry", "market stalls", "one of them", "three stalls", "15 June 2031", ("farmers of the valley", "farmers"), 260, "room 14 of the town hall", 30),
    ]


def dev(ids):
    return [
        building(ids, "lighthouse", "Cape Morrow", "Hedda Bruun", 1862, 1866, "52,480", "Tveit", 31, 1967, "a leaking lantern room", "a weather station"),
        building(ids, "bridge house", "Lower Tamm", "Josef Adamek", 1845, 1849, "11,640", "Zbraslav", 16, 1938, "settling piers", "a school of music"),
        products(ids, "fountain pump", "fountains", [("Plume 4", 52, 29, 3, 8), ("Veil", 39, 24, 5, 2), ("Arc 9", 75, 47, 2, 19)], ("Veil", "a cracked impeller", "cracked impeller")),
        products(ids, "well pump", "wells", [("Delve", 530, 84, 4, 13), ("Shaft 60", 610, 112, 8, 6), ("Bore", 495, 77, 3, 31)], ("Bore", "rust on the coupling", "coupling")),
        incident(ids, "Mapwright", "11:19", 47, "3,265", ("a disk that had filled up with old tiles", "old tiles"), ("removing half of them and adding space", ["adding space", "added space", "more space", "space was added"]),
                 ("tiles are thrown away after ninety days by a nightly job", "ninety days"), ("the new login page", "login page")),
        incident(ids, "Doorbook", "08:54", 139, "886", ("a lock that two jobs held against each other", "two jobs"), ("ending one of both and going on with the other", ["ending one", "ended one", "one of both", "one of them"]),
                 ("jobs take their locks in one fixed order", "fixed order"), ("the network of the north wing", "north wing")),
        trial(ids, "potato", "Brackenhill", 48, [("Ambra", 26.4), ("Nocturne", 23.8), ("Fields Red", 28.9)], "Ambra", ("Fields Red had been dug a week later", "week later"), ("to plant the late one on light soil alone", "light soil")),
        trial(ids, "carrot", "Wendlake", 30, [("Tinto", 9.7), ("Orla", 12.3), ("Long Amber", 10.8)], "Tinto", ("the eastern third had been limed the year before", "limed"), ("to repeat it without lime", ["without lime", "without liming", "no lime"])),
        rule(ids, "Halden", "boats on the quay", "one of them", "two boats", "1 May 2030", ("rescue crews", "rescue crews"), 480, "the harbour master's hut", 14),
        rule(ids, "Trebin", "firewood stacks", "three of them", "five stacks", "10 October 2028", ("bakers with a wood oven", "bakers"), 75, "the forester's house", 28),
        rule(ids, "Merle", "street signs of shops", "two of them", "six signs", "3 March 2032", ("pharmacies", "pharmacies"), 140, "the building department", 45),
    ]
