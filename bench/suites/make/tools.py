"""Tool calls: one, the right one among several, chains in which each call needs the one before."""

import json

from .common import LINE

TASK = "tools"


def tool(name, what, /, **params):
    """params: name=("type", "what it is"); a name that ends with _ may be left out."""
    return {"type": "function", "function": {"name": name, "description": what, "parameters": {
        "type": "object",
        "properties": {k.rstrip("_"): {"type": t, "description": d} for k, (t, d) in params.items()},
        "required": [k for k in params if not k.endswith("_")],
        "additionalProperties": False}}}


def call(name, loose=(), /, **arguments):
    return {"name": name, "arguments": arguments, "_loose": list(loose)}


def replies(*rows):
    return {"replies": [{"arguments": a, "reply": r} for a, r in rows]}


def flat(turns):
    return [c for t in turns for c in t]


def asked(ids, about, prompt, offered, simulator, turns, answer=None, what=None, system=None, says=None, order=True):
    """turns: the reference's calls, turn by turn; answer: the accepted texts of the last line, or a number."""
    strip = lambda c: {"name": c["name"], "arguments": c["arguments"]}
    expect = lambda c: {**strip(c), **({"loose": c["_loose"]} if c["_loose"] else {})}
    sequence = []
    for t in turns:
        sequence.append(expect(t[0]) if len(t) == 1 else [expect(c) for c in t])
    scorer = {"kind": "calls", "sequence": sequence, "order": order}
    text = says
    if answer is not None:
        answers = answer if isinstance(answer, list) else [answer]
        if isinstance(answers[0], (int, float)):
            scorer["final"] = {"number": {"value": answers[0], "tolerance": 0.001}}
        else:
            scorer["final"] = {"accept": answers + [a.replace(", ", ",") for a in answers if ", " in a]}
        text = f"ANSWER: {answers[0]}"
        prompt = f"{prompt.strip()}\n\n{LINE.format(what=what)}"
    item = {"id": ids(TASK, about), "task_type": TASK}
    if system:
        item["messages"] = [{"role": "system", "content": system}, {"role": "user", "content": prompt}]
    else:
        item["prompt"] = prompt
    item.update(tools=offered, simulator={"tools": simulator, "max_turns": len(turns) + 4}, scorer=scorer,
                reference={"text": text, **({"calls": [[strip(c) for c in t] for t in turns]} if turns else {})})
    names = {t["function"]["name"] for t in offered}
    assert set(simulator) == names, (about, set(simulator) ^ names)
    assert {c["name"] for c in flat(turns)} <= names, about
    return item


WEATHER = tool("get_weather", "The weather in a city now.", city=("string", "name of the city"), unit=("string", "celsius or fahrenheit"))
CALCULATOR = tool("calculator", "Works out an arithmetic expression with + - * / and brackets.", expression=("string", "like (2 + 3) * 4"))
MAIL = tool("send_message", "Sends a message to a person.", to=("string", "e-mail address"), text=("string", "what to say"))
SENT = {"reply": {"sent": True}}


def said_weather(city, c, wind):
    return ({"city": city, "unit": "celsius"}, {"city": city, "temperature": c, "unit": "celsius", "wind_kmh": wind})


def named(ids, city, c, wind):
    """Within reach of who calls what the prompt names with the arguments it gives."""
    return asked(ids, "named", f"Please call get_weather with city={city} unit=celsius and tell me what the tool says.",
                 [WEATHER], {"get_weather": replies(said_weather(city, c, wind))}, [[call("get_weather", ["city", "unit"], city=city, unit="celsius")]],
                 says=f"The tool says {c} degrees Celsius in {city}, with a wind of {wind} km/h.")


def select(ids, prompt, wanted, rows, answer, what):
    """One of five tools is the right one."""
    offered = [
        tool("find_train", "Looks up the next train between two stations.", origin=("string", "station"), destination=("string", "station")),
        tool("exchange_rate", "What one unit of a currency costs in another.", source=("string", "currency code"), target=("string", "currency code")),
        tool("opening_hours", "When a place of the town is open on a day of the week.", place=("string", "name"), day=("string", "day of the week")),
        tool("parcel_status", "Where a parcel is.", number=("string", "number of the parcel")),
        tool("book_room", "Books a meeting room; this cannot be taken back.", room=("string", "name"), date=("string", "YYYY-MM-DD"),
             start=("string", "HH:MM"), hours=("number", "how long")),
    ]
    simulator = {t["function"]["name"]: {"reply": {"error": "no such entry"}} for t in offered}
    simulator[wanted["name"]] = replies((wanted["arguments"], rows))
    return asked(ids, "select", prompt, offered, simulator, [[wanted]], answer, what)


def pair(ids, a, ca, b, cb, other, co):
    """Two calls that do not need each other, and a sum of what they say."""
    return asked(ids, "pair", f"How many degrees Celsius is it warmer in {a} than in {b} right now? Look both up.",
                 [WEATHER, CALCULATOR],
                 {"get_weather": replies(said_weather(a, ca, 9), said_weather(b, cb, 21), said_weather(other, co, 4)), "calculator": {"function": "calculate"}},
                 [[call("get_weather", ["city", "unit"], city=a, unit="celsius"), call("get_weather", ["city", "unit"], city=b, unit="celsius")]],
                 round(ca - cb, 1), "the number of degrees")


def staff(ids, person, rows, chain, question, answer, what):
    """Whose manager's manager ...: each lookup names the next."""
    offered = [tool("get_employee", "The record of an employee.", employee_id=("string", "like E104")),
               tool("find_employee", "The id of an employee by name.", name=("string", "full name")), MAIL]
    by_name = {r["name"]: k for k, r in rows.items()}
    return asked(ids, "chain", question, offered,
                 {"get_employee": {"function": "lookup", "by": "employee_id", "table": rows},
                  "find_employee": replies(*[({"name": n}, {"employee_id": i}) for n, i in by_name.items()]), "send_message": SENT},
                 [[call("find_employee", ["name"], name=person)]] + [[call("get_employee", employee_id=e)] for e in chain], answer, what)


def stock(ids, article, sku, have, low, lot, supplier, price):
    """Looks, decides, acts: an order only where it is needed, in whole lots."""
    need = max(0, low - have)
    lots = -(-need // lot)
    offered = [tool("search_article", "Finds an article by words of its name.", words=("string", "words")),
               tool("get_stock", "How many of an article are there, and what is the least there should be.", sku=("string", "article number")),
               tool("place_order", "Orders whole lots of an article.", sku=("string", "article number"), lots=("integer", "how many lots")), MAIL]
    turns = [[call("search_article", ["words"], words=article)], [call("get_stock", sku=sku)]]
    if lots:
        turns.append([call("place_order", sku=sku, lots=lots)])
    total = lots * price
    return asked(ids, "decide", f"Check the stock of \"{article}\" (search for exactly these words). If there are fewer than the least there should be, order as few whole lots as bring "
                 "the stock to at least that number; otherwise order nothing. What does the order come to?",
                 offered, {"search_article": replies(({"words": article}, {"sku": sku, "name": article, "lot_size": lot, "lot_price": price, "supplier": supplier})),
                           "get_stock": replies(({"sku": sku}, {"sku": sku, "in_stock": have, "least": low})),
                           "place_order": replies(({"sku": sku, "lots": lots}, {"order": f"PO-{sku}", "lots": lots, "total": total})) if lots else {"reply": {"error": "not allowed"}},
                           "send_message": SENT},
                 turns, total if lots else "nothing", "the amount as a number" if lots else "the amount as a number, or the word nothing if you ordered nothing")


def pages(ids, thing, field, lists, question, answer, what):
    """A list in pages: all of them have to be read."""
    offered = [tool(f"list_{thing}", f"A page of the {thing}; next_page is null on the last.", page=("integer", "from 1"))]
    rows = [({"page": i}, {thing: page, "next_page": i + 1 if i < len(lists) else None}) for i, page in enumerate(lists, 1)]
    return asked(ids, "pages", question, offered, {f"list_{thing}": replies(*rows)},
                 [[call(f"list_{thing}", page=i)] for i in range(1, len(lists) + 1)], answer, what)


def retry(ids, wrong, suggestion, right, result, answer, what, prompt):
    """The first call fails and says what would not."""
    offered = [tool("get_timetable", "The first and the last departure of a bus line at a stop.", stop=("string", "name of the stop"), line=("integer", "number of the line"))]
    bad = {"error": {"code": "unknown_stop", "message": f"There is no stop '{wrong}'.", "did_you_mean": suggestion}}
    line = right["line"]
    return asked(ids, "retry", prompt, offered, {"get_timetable": replies(({"stop": wrong, "line": line}, bad), (right, result))},
                 [[call("get_timetable", ["stop"], stop=wrong, line=line)], [call("get_timetable", ["stop"], **right)]], answer, what)


def direct(ids, prompt, answer, what):
    """The answer needs no tool, though there are some; calling one is a mistake."""
    offered = [WEATHER, MAIL]
    return asked(ids, "direct", prompt + " Use a tool only if the answer needs one.", offered,
                 {"get_weather": replies(said_weather("Oslo", -3, 12)), "send_message": SENT}, [], answer, what)


def meeting(ids, title, people, free, day, hours, start, room):
    """Finds a time that suits all, then books it."""
    offered = [tool("free_times", "The free hours of a person on a day, as begin and end.", person=("string", "first name"), date=("string", "YYYY-MM-DD")),
               tool("create_event", "Puts a meeting into the calendar.", title=("string", "title"), date=("string", "YYYY-MM-DD"), start=("string", "HH:MM"),
                    hours=("integer", "how long"), people=("array", "first names, alphabetically"))]
    for t in offered:
        if "people" in t["function"]["parameters"]["properties"]:
            t["function"]["parameters"]["properties"]["people"]["items"] = {"type": "string"}
    asks = [call("free_times", ["person"], person=p, date=day) for p in people]
    event = call("create_event", ["title"], title=title, date=day, start=start, hours=hours, people=sorted(people))
    return asked(ids, "meeting", f"Find the earliest time on {day} at which {', '.join(people[:-1])} and {people[-1]} are all free for {hours} hour{'s' * (hours > 1)} and put a meeting "
                 f"with the title \"{title}\" into the calendar then, with the people in alphabetical order. Tell me the number of the event.",
                 offered, {"free_times": replies(*[({"person": p, "date": day}, {"person": p, "free": free[p]}) for p in people]),
                           "create_event": replies((event["arguments"], {"event": room}))},
                 [asks, [event]], room, "the number of the event", order=True)


def convert(ids, amount, a, b, rate, fee):
    value = round(amount * rate - fee, 2)
    offered = [tool("exchange_rate", "What one unit of a currency costs in another.", source=("string", "currency code"), target=("string", "currency code")),
               tool("transfer_fee", "The fee of a transfer, in the currency that arrives.", target=("string", "currency code"), amount=("number", "what arrives before the fee")), ]
    before = round(amount * rate, 2)
    return asked(ids, "money", f"I want to send {amount} {a} to an account in {b}. Look up the rate from {a} to {b}, then the fee for the amount that it makes; the fee is taken off. How much "
                 f"{b} arrive?", offered,
                 {"exchange_rate": replies(({"source": a, "target": b}, {"rate": rate})), "transfer_fee": replies(({"target": b, "amount": before}, {"fee": fee}))},
                 [[call("exchange_rate", source=a, target=b)], [call("transfer_fee", target=b, amount=before)]], value, "the amount as a number with two decimals")


def files(ids, folder, listing, reads, question, answer, what):
    offered = [tool("list_files", "The names in a directory.", path=("string", "directory")), tool("read_file", "The text of a file.", path=("string", "file")),
               tool("delete_file", "Deletes a file for good.", path=("string", "file"))]
    return asked(ids, "files", question, offered,
                 {"list_files": replies(*[({"path": p}, {"names": names}) for p, names in listing.items()]), "read_file": {"function": "lookup", "by": "path", "table": reads},
                  "delete_file": {"reply": {"deleted": True}}},
                 folder, answer, what)


def query(ids, rows, arguments, question, answer, what, table):
    offered = [tool("query_orders", f"The {table} that have the given values; leave out what does not matter.", customer_=("string", "name of the customer"),
                    state_=("string", "open, sent or paid"), country_=("string", "two letters"))]
    return asked(ids, "query", question, offered, {"query_orders": {"function": "select", "rows": rows}}, [[call("query_orders", ["customer"], **arguments)]], answer, what)


def home(ids, system, prompt, acts, states):
    """Acts only; what must be done is in the rules of the house."""
    offered = [tool("read_sensor", "The value of a sensor.", sensor=("string", "its name")), tool("set_device", "Sets a device.", device=("string", "its name"), value=("string", "what it shall be"))]
    reads = [call("read_sensor", ["sensor"], sensor=s) for s in states]
    return asked(ids, "rules", prompt, offered, {"read_sensor": replies(*[({"sensor": s}, {"value": v}) for s, v in states.items()]), "set_device": {"reply": {"ok": True}}},
                 [reads] + [[call("set_device", ["device", "value"], device=d, value=v)] for d, v in acts], system=system, says="Done, as the rules of the house say.", order=True)


def species(ids, names, facts):
    """Three lookups that do not need each other, compared."""
    offered = [tool("lookup_species", "Facts about a bird.", name=("string", "English name")), CALCULATOR]
    best = max(names, key=lambda n: facts[n][0])
    return asked(ids, "compare", f"Look up {', '.join(names[:-1])} and {names[-1]}. Which of them has the widest wings, and how many years did the oldest bird of that species live?", offered,
                 {"lookup_species": replies(*[({"name": n}, {"name": n, "wingspan_cm": facts[n][0], "oldest_years": facts[n][1]}) for n in names]), "calculator": {"function": "calculate"}},
                 [[call("lookup_species", ["name"], name=n) for n in names]], f"{best}, {facts[best][1]}", "the name and the years with a comma between them")


STAFF_TRAIN = {
    "E101": {"name": "Vera Lind", "title": "director", "manager": None, "office": "4.01"},
    "E117": {"name": "Omar Said", "title": "head of logistics", "manager": "E101", "office": "3.12"},
    "E140": {"name": "Tess Roe", "title": "planner", "manager": "E117", "office": "2.07"},
    "E152": {"name": "Noel Park", "title": "dispatcher", "manager": "E140", "office": "1.15"},
}
STAFF_DEV = {
    "K2": {"name": "Irma Dahl", "title": "chief engineer", "manager": None, "phone": "8801"},
    "K9": {"name": "Paul Ost", "title": "head of turbines", "manager": "K2", "phone": "8845"},
    "K31": {"name": "Lin Weber", "title": "shift leader", "manager": "K9", "phone": "8217"},
    "K58": {"name": "Rui Alves", "title": "fitter", "manager": "K31", "phone": "8362"},
}
ORDERS_TRAIN = [
    {"id": "R-1", "customer": "Berg & Sons", "state": "open", "country": "NO", "total": 120.5},
    {"id": "R-2", "customer": "Berg & Sons", "state": "paid", "country": "NO", "total": 80},
    {"id": "R-3", "customer": "Atelier Roux", "state": "open", "country": "FR", "total": 310},
    {"id": "R-4", "customer": "Berg & Sons", "state": "open", "country": "NO", "total": 49.25},
    {"id": "R-5", "customer": "Casa Verde", "state": "sent", "country": "ES", "total": 77},
]
ORDERS_DEV = [
    {"id": "Q-11", "customer": "Nord Papier", "state": "sent", "country": "DE", "total": 412},
    {"id": "Q-12", "customer": "Delta Glas", "state": "sent", "country": "DE", "total": 58.5},
    {"id": "Q-13", "customer": "Nord Papier", "state": "open", "country": "DE", "total": 990},
    {"id": "Q-14", "customer": "Lago SA", "state": "sent", "country": "CH", "total": 640},
    {"id": "Q-15", "customer": "Kreis AG", "state": "sent", "country": "DE", "total": 105.75},
]
HOUSE = ("You run a house with two tools. Rules: in the evening read the sensors that the owner names, all at once and before you set anything. If the greenhouse is below 8 degrees "
         "set the greenhouse_heater to on. If the wind is above 50 km/h set the awning to closed. Set nothing else, and set the heater before the awning.")
BOAT = ("You look after a boat with two tools. Rules: read all sensors that are asked for at once, before you set anything. Bilge water above 12 cm: set bilge_pump to high; from 5 to 12 "
        "cm: to low. Battery below 40 percent: set fridge to off. Set nothing that need not be set; the pump comes first.")


def train(ids):
    return [
        named(ids, "Trondheim", 6.5, 14),
        species(ids, ["osprey", "red kite", "goshawk"], {"osprey": (160, 22), "red kite": (179, 26), "goshawk": (112, 19)}),
        select(ids, "My parcel has the number 7K-20931. Where is it?", call("parcel_status", ["number"], number="7K-20931"),
               {"number": "7K-20931", "place": "Hradec sorting hall", "since": "2031-03-02"}, "Hradec sorting hall", "the name of the place alone"),
        select(ids, "Until when can I get into the town library on Saturday?", call("opening_hours", ["place", "day"], place="town library", day="Saturday"),
               {"open": "09:30", "close": "14:45"}, "14:45", "the time as HH:MM"),
        select(ids, "Book the room Cedar for 12 May 2031 from 14:00, two hours, and tell me what the booking is called.",
               call("book_room", ["room"], room="Cedar", date="2031-05-12", start="14:00", hours=2), {"booking": "CED-0512-14"}, "CED-0512-14", "what the booking is called"),
        pair(ids, "Porto", 18.4, "Riga", 7.9, "Oslo", 1),
        staff(ids, "Noel Park", STAFF_TRAIN, ["E152", "E140", "E117"], "In which office sits the manager of Noel Park's manager? Find Noel Park's id, then go from record to record.", "3.12",
              "the number of the office"),
        staff(ids, "Tess Roe", STAFF_TRAIN, ["E140", "E117", "E101"], "What is the title of the manager of Tess Roe's manager, and what is that person's name? Find the id, then go from record to "
              "record.", "director, Vera Lind", "the title and the name with a comma between them"),
        stock(ids, "brass valve 15 mm", "V15-B", 34, 120, 25, "Armatura", 87),
        stock(ids, "rubber seal 40 mm", "S40-R", 61, 60, 50, "Gummi Ott", 12),
        pages(ids, "invoices", "total", [[{"id": "A1", "total": 210, "paid": True}, {"id": "A2", "total": 95, "paid": False}],
                                         [{"id": "A3", "total": 480, "paid": False}, {"id": "A4", "total": 33, "paid": True}], [{"id": "A5", "total": 127, "paid": False}]],
              "How much is open in all on the invoices that are not paid? Read all pages, from the first on.", 702, "the number"),
        retry(ids, "Market Sq", "Market Square", {"stop": "Market Square", "line": 12}, {"first": "05:12", "last": "23:48"}, "23:48", "the time as HH:MM",
              "When does the last bus of line 12 leave the stop \"Market Sq\"? If the stop is not known under that name try again with what the tool suggests."),
        direct(ids, "A crate holds 24 jars, a pallet 36 crates. How many jars are on 3 pallets?", 2592, "the number"),
        meeting(ids, "Harbour plan", ["Ella", "Igor", "Mona"], {"Ella": [["09:00", "10:30"], ["13:00", "16:00"]], "Igor": [["08:00", "09:30"], ["14:00", "17:00"]],
                                                                "Mona": [["10:00", "12:00"], ["13:30", "15:30"]]}, "2031-09-17", 1, "14:00", "EV-3381"),
        convert(ids, 250, "EUR", "SEK", 11.42, 39.5),
        files(ids, [[call("list_files", path="/notes")], [call("read_file", path="/notes/2031-02.txt")]],
              {"/notes": ["2030-12.txt", "2031-01.txt", "2031-02.txt"]},
              {"/notes/2031-02.txt": "oil 40\nsoap 12\nfuel 333\n", "/notes/2031-01.txt": "oil 41\nfuel 20\n", "/notes/2030-12.txt": "fuel 8\n"},
              "In the directory /notes is a file for each month. Look which is the newest, read it alone, and tell me what fuel cost in it.", 333, "the number"),
        query(ids, ORDERS_TRAIN, {"customer": "Berg & Sons", "state": "open"}, "What do the open orders of Berg & Sons come to together? Ask for just these.", 169.75, "the number", "orders"),
        home(ids, HOUSE, "Good evening. Look at greenhouse and wind, and do what is to be done.", [("greenhouse_heater", "on"), ("awning", "closed")], {"greenhouse": 6.5, "wind": 62}),
        home(ids, BOAT, "Please check bilge_water and battery.", [("bilge_pump", "low")], {"bilge_water": 9, "battery": 71}),
        asked(ids, "mail", "Find the address of Tess Roe and send her a message with exactly this text: Dock 4 is free. Then tell me the number of the message.",
              [tool("find_address", "The e-mail address of a person.", name=("string", "full name")), MAIL],
              {"find_address": replies(({"name": "Tess Roe"}, {"address": "t.roe@quay.example"}), ({"name": "Tess Row"}, {"address": "row@quay.example"})),
               "send_message": replies(({"to": "t.roe@quay.example"}, {"message": "M-70412"}))},
              [[call("find_address", ["name"], name="Tess Roe")], [call("send_message", ["text"], to="t.roe@quay.example", text="Dock 4 is free.")]], "M-70412", "the number of the message"),
    ]


def dev(ids):
    return [
        named(ids, "Bergen", 9.5, 33),
        select(ids, "What is a Swiss franc worth in Czech crowns right now?", call("exchange_rate", source="CHF", target="CZK"), {"rate": 25.836}, 25.836, "the number"),
        select(ids, "I stand at Lindau Insel and have to get to Ulm. When does the next train leave?", call("find_train", ["origin", "destination"], origin="Lindau Insel", destination="Ulm"),
               {"train": "RE 4217", "departure": "16:07", "platform": 3}, "16:07", "the time as HH:MM"),
        pair(ids, "Cadiz", 23.1, "Gdansk", 11.6, "Turin", 17),
        staff(ids, "Rui Alves", STAFF_DEV, ["K58", "K31", "K9", "K2"], "Who is the topmost boss above Rui Alves, and what is that person's phone? Find the id, then go from record to record until there is no "
              "manager.", "Irma Dahl, 8801", "the name and the phone with a comma between them"),
        stock(ids, "oak plank 2 m", "OAK-2", 11, 90, 16, "Holz Kern", 304),
        pages(ids, "readings", "litres", [[{"day": 1, "litres": 311}, {"day": 2, "litres": 298}], [{"day": 3, "litres": 402}], [{"day": 4, "litres": 287}, {"day": 5, "litres": 399}],
                                          [{"day": 6, "litres": 351}]],
              "On which day was the most used, how much, and how much on all days together? Read all pages, from the first on.", "3, 402, 2048", "the day, the litres of that day and those of all days, with commas "
              "between them"),
        retry(ids, "Old Mill", "Oldmill Bridge", {"stop": "Oldmill Bridge", "line": 7}, {"first": "04:58", "last": "22:31"}, "04:58", "the time as HH:MM",
              "At what time does the first bus of line 7 leave \"Old Mill\"? Should the stop not be known, take what the tool suggests instead."),
        direct(ids, "A film lasts 137 minutes and starts at 20:35. When does it end?", "22:52", "the time as HH:MM"),
        meeting(ids, "Turbine review", ["Bea", "Lars", "Otto"], {"Bea": [["08:00", "11:00"], ["14:00", "18:00"]], "Lars": [["10:00", "12:00"], ["15:00", "18:00"]],
                                                                 "Otto": [["09:00", "13:00"], ["14:30", "17:30"]]}, "2032-01-20", 2, "15:00", "N-9057"),
        convert(ids, 1300, "USD", "JPY", 151.3, 845),
        files(ids, [[call("list_files", path="/srv")], [call("list_files", path="/srv/conf")], [call("read_file", path="/srv/conf/pump.ini")]],
              {"/srv": ["conf/", "readme"], "/srv/conf": ["fan.ini", "pump.ini"]},
              {"/srv/readme": "see conf", "/srv/conf/pump.ini": "[pump]\nrate=420\nlimit=3175\n", "/srv/conf/fan.ini": "[fan]\nrate=90\nlimit=1000\n"},
              "Somewhere below /srv is the configuration of the pump. Go down the directories, read that file and no other, and tell me its limit.", 3175, "the number"),
        query(ids, ORDERS_DEV, {"state": "sent", "country": "DE"}, "Which sent orders went to Germany? Ask for just these.", "Q-11, Q-12, Q-15", "their ids in order, with commas between them", "orders"),
        home(ids, HOUSE, "It is evening: read greenhouse and wind, then act by the rules.", [("awning", "closed")], {"greenhouse": 11, "wind": 57}),
        home(ids, BOAT, "What do bilge_water and battery say? Do what follows from it.", [("bilge_pump", "high"), ("fridge", "off")], {"bilge_water": 15, "battery": 32}),
    ]
