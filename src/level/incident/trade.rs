//! The businesses that incidents befall: what they are, what their applications are called, and what
//! these say.

/// A small business whose computers are a cluster.
#[derive(Debug)]
pub(super) struct Trade {
    /// What it is, as the title calls it: `bakery`.
    pub name: &'static str,
    /// Where and when, in one short sentence.
    pub place: &'static str,
    /// The Deployment that asks the others: who works there looks at it.
    pub desk: &'static str,
    /// Its applications: name, and what the page says.
    pub apps: [(&'static str, &'static str); 6],
    /// The StatefulSet.
    pub ledger: &'static str,
    /// The namespace of what is not for everybody.
    pub back: &'static str,
    /// A pod that has no business with the walled application.
    pub guest: &'static str,
}

/// All of them.
pub(super) static TRADES: [Trade; 10] = [
    Trade {
        name: "bakery",
        place: "A bakery, five in the morning.",
        desk: "till",
        apps: [
            ("prices", "rye three euros"),
            ("ovens", "oven two at 230 degrees"),
            ("orders", "forty rolls for the school"),
            ("flour", "two sacks left"),
            ("recipes", "knead for ten minutes"),
            ("vans", "van one leaves at six"),
        ],
        ledger: "ledger",
        back: "bakehouse",
        guest: "customer",
    },
    Trade {
        name: "clinic",
        place: "A small clinic, before the first patient.",
        desk: "reception",
        apps: [
            ("visits", "first visit at eight"),
            ("beds", "three beds free"),
            ("pharmacy", "the saline has come"),
            ("rota", "Okafor is on duty"),
            ("lab", "results by noon"),
            ("meals", "soup and bread"),
        ],
        ledger: "files",
        back: "ward",
        guest: "visitor",
    },
    Trade {
        name: "library",
        place: "A town library on a rainy Saturday.",
        desk: "counter",
        apps: [
            ("loans", "due in three weeks"),
            ("shelves", "poetry on floor two"),
            ("readers", "card valid until May"),
            ("returns", "eleven books today"),
            ("rooms", "the quiet room is free"),
            ("events", "reading at seven"),
        ],
        ledger: "index",
        back: "stacks",
        guest: "passer-by",
    },
    Trade {
        name: "florist",
        place: "A florist, the day before a wedding.",
        desk: "shop",
        apps: [
            ("bunches", "tulips, twelve a bunch"),
            ("coldroom", "four degrees"),
            ("couriers", "next courier at ten"),
            ("growers", "roses from the valley"),
            ("cards", "with love, handwritten"),
            ("vases", "tall ones sold out"),
        ],
        ledger: "daybook",
        back: "greenhouse",
        guest: "stranger",
    },
    Trade {
        name: "garage",
        place: "A garage, Monday at seven.",
        desk: "office",
        apps: [
            ("jobs", "brakes on the blue van"),
            ("parts", "filters in bay nine"),
            ("lifts", "lift two is free"),
            ("tyres", "winter set ready"),
            ("invoices", "paid in cash"),
            ("towing", "truck is on its way"),
        ],
        ledger: "logbook",
        back: "workshop",
        guest: "driver",
    },
    Trade {
        name: "cinema",
        place: "A cinema, an hour before the film.",
        desk: "kiosk",
        apps: [
            ("tickets", "row seven, seat twelve"),
            ("films", "tonight in black and white"),
            ("popcorn", "salted or sweet"),
            ("screens", "screen one is dark"),
            ("posters", "coming in spring"),
            ("staff", "Noor tears the tickets"),
        ],
        ledger: "takings",
        back: "projection",
        guest: "moviegoer",
    },
    Trade {
        name: "ferry company",
        place: "A ferry company, and the tide does not wait.",
        desk: "quay",
        apps: [
            ("sailings", "next boat at nine"),
            ("tides", "high water at noon"),
            ("decks", "room for twelve cars"),
            ("crews", "Marit has the bridge"),
            ("cargo", "two crates of fish"),
            ("weather", "wind from the west"),
        ],
        ledger: "manifest",
        back: "engine-room",
        guest: "tourist",
    },
    Trade {
        name: "school kitchen",
        place: "A school kitchen, and lunch is at twelve.",
        desk: "hatch",
        apps: [
            ("menu", "lentils and rice"),
            ("pantry", "six kilos of rice"),
            ("diets", "no nuts for table four"),
            ("dishes", "plates are drying"),
            ("suppliers", "milk comes on Tuesday"),
            ("classes", "3b eats first"),
        ],
        ledger: "stocklist",
        back: "scullery",
        guest: "pupil",
    },
    Trade {
        name: "observatory",
        place: "An observatory on the first clear night of the month.",
        desk: "desk",
        apps: [
            ("dome", "the dome is open"),
            ("mirrors", "mirror at two degrees"),
            ("plates", "plate 71 exposed"),
            ("sky", "no clouds until three"),
            ("mounts", "tracking Vega"),
            ("archive", "nights since 1931"),
        ],
        ledger: "nightlog",
        back: "cellar",
        guest: "amateur",
    },
    Trade {
        name: "post office",
        place: "A post office, the week before the holidays.",
        desk: "window",
        apps: [
            ("stamps", "first class, ninety cents"),
            ("parcels", "parcel four is here"),
            ("routes", "route six is done"),
            ("boxes", "box 210 is full"),
            ("scales", "two hundred grams"),
            ("customs", "form CN22 is enough"),
        ],
        ledger: "register",
        back: "sorting",
        guest: "caller",
    },
];
