"""How organisations are named: legal forms, generic nouns, abbreviations, and the places within names.

Closed classes of words, written for this project. Lower case, no accents, words as `text.Text` cuts them.
"""

from __future__ import annotations

from alerts.matching.english import words


def _phrases(lines: str) -> tuple[tuple[str, ...], ...]:
    """Phrases parted by commas or lines, longest first, so that the first that fits is the longest."""
    phrases = {tuple(phrase.split()) for phrase in lines.replace("\n", ",").split(",") if phrase.strip()}
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase), phrase)))


# Written after the name, in the words of `Text`: "S.A." is "s a".
LEGAL_FORMS = _phrases(
    """
    inc, incorporated, corp, corporation, co, company, llc, l l c, lp, l p, llp, l l p, lllp, pllc, pc, p c
    pbc, p b c, public benefit corporation, ltd, limited, plc, p l c, public limited company
    private limited, pvt ltd, private ltd, pty ltd, pty limited, pte ltd, pte limited, sdn bhd, bhd, berhad
    proprietary limited, co ltd, company limited, co inc, unlimited, gmbh, g m b h, mbh, ag, a g, kg
    gmbh & co kg, ag & co kg, kgaa, ohg, ug, e v, ev, eg, se & co kgaa, sa, s a, sas, s a s, sasu, sarl
    s a r l, eurl, snc, sca, scop, sprl, bvba, nv, n v, bv, b v, vof, vzw, asbl, spa, s p a, srl, s r l
    sapa, s l, sl, slu, s l u, sau, s a u, sa de cv, s a de c v, ltda, s a b, sab de cv, eireli, oy, oyj
    ab, a b, aktiebolag, as, a s, asa, aps, a p s, i s, ehf, hf, doo, d o o, dd, d d, ad, ead, eood, ood
    kft, zrt, nyrt, sro, s r o, spol s r o, z s, sp z o o, spolka akcyjna, s k a, uab, ou, sia, pjsc, ojsc
    oao, ooo, zao, pao, jsc, cjsc, k k, kabushiki kaisha, kabushiki gaisha, godo kaisha, se
    societas europaea, eeig, geie, tbk, persero, psc, wll, w l l, saog, ksc, fze, fzco, dmcc, fz llc
    anonim sirketi, ltd sti, holding a s, n a, national association, plc ltd, societe anonyme
    aktiengesellschaft, gesellschaft mit beschrankter haftung, cooperative, coop, co op, sicav, stichting
    fundacion
    """
)
# Short as they are, these are never words: they count however they are written.
PLAIN_LEGAL_FORMS = words("inc llc ltd plc llp pbc oyj tbk srl sro kft zrt doo wll fze ksc")

# Written before the name.
LEGAL_PREFIXES = _phrases(
    "pt, ooo, oao, zao, pao, pjsc, oy, ab, as, uab, sia, kabushiki kaisha, societe anonyme"
)

# Sports clubs mark themselves as firms do.
CLUB_FORMS = _phrases(
    "fc, f c, afc, a f c, cf, c f, sc, s c, rfc, r f c, rlfc, ac, a c, gaa, cc, bc, hc, fk, sk, bk, "
    "football club, rugby football club, soccer club, cricket club, athletic club, basketball club, hockey club"
)

# Nouns that say what kind of firm it is. Without them a distinctive word is left: Cisco (Systems).
GENERIC_NOUNS = words(
    """
    ag airlines airways analytics apparel associates association automobiles automotive aviation bancorp bank
    beverages biosciences biotech biotechnologies bookstore bookstores brands broadcasting brothers capital chemical
    chemicals college communications companies company computer computers computing consulting controls corp
    corporation council data defense design devices diagnostics digital distribution dynamics electric electronics
    energy engineering enterprise enterprises entertainment equipment exchange federation financial foods foundation
    games gaming genetics global group holding holdings hotels inc incorporated industrial industries infrastructure
    institute insurance interactive international investment investments lab laboratories labs limited logistics
    machinery machines management manufacturing marine markets materials media medical medicines memory metals
    microsystems mining mobile mobility motor motors network networks oil organisation organization packaging paper
    partners petroleum pharma pharmaceutical pharmaceuticals pictures platforms power press products properties
    publishing railway research resorts resources restaurants retail robotics sciences securities security
    semiconductor semiconductors services shipping software solutions steel stores studios sweets systems
    technologies technology telecom telecommunications telecoms telecomunicaciones therapeutics tobacco trading
    transport university ventures water wireless works worldwide
    """
)
LINE_PAIRS = _phrases("air lines, oil company, gas company, business machines, stock exchange, social club")

# A capitalised one of these after a name makes another, longer name of it: Bank of America Stadium.
HEAD_NOUNS = words(
    """
    academy administration agency airport alliance amphitheater amphitheatre archives arena army association
    authority avenue award awards ballet bank basin bay beach board boulevard bowl bridge broncos building bulletin
    bureau cathedral cemetery center centre chamber championship championships chronicle church circuit city clinic
    club coast college colleges commission committee community conference congress convention corps council county
    court cup daily dam department diocese district division dome examiner exchange express expressway faculty falls
    federation ferry festival fort forum foundation gallery garden gardens gazette globe government guardian guild
    hall harbor harbour heights herald high highway hills hospital hotel hotels house inquirer institute institution
    international island islands journal junction laboratory lake league legislature library magazine mail marathon
    ministry mirror monument mosque mountain mountains museum national news observer olympics open opera orchestra
    order palace parish park parkway parliament party peninsula philharmonic plaza police polytechnic port post
    press prison prize province raceway railroad railway record region register reservoir review river road rovers
    royal school schools seminary senate society speedway square stadium standard star state station strait street
    sun supreme symphony synagogue tabernacle temple tennis territory theater theatre times tower towers township
    tribune trophy trust tunnel union united university valley village wall zoo
    """
)
# What firms have themselves: after the name of a firm they leave it what it is (OpenAI Academy, Google News).
OWN_NOUNS = words(
    """
    academy alliance association bank board committee conference congress council forum foundation gallery guild
    institute institution international laboratory library magazine news order press region register review star
    station union
    """
)
# Those that do so even where every word is capitalised.
STRONG_HEAD_NOUNS = words(
    """
    academy airport arena avenue boulevard bowl cathedral cemetery chronicle college county gazette herald hospital
    institute laboratory marathon museum orchestra parkway philharmonic raceway river school speedway stadium street
    symphony theater theatre times tribune university zoo
    """
)

# Nouns of state bodies, which a text may put its country before: U.S. Food and Drug Administration.
GOVERNMENT_NOUNS = words(
    """
    administration agency bureau commission congress court customs department directorate embassy government
    inspectorate marshals ministry office secretariat senate service treasury
    """
)

# Plurals that lists of names share: Orange and Kern Counties, the Justice and State Departments.
PLURALS = {
    "academy": "academies",
    "agency": "agencies",
    "airport": "airports",
    "bank": "banks",
    "church": "churches",
    "city": "cities",
    "college": "colleges",
    "commission": "commissions",
    "council": "councils",
    "county": "counties",
    "department": "departments",
    "hospital": "hospitals",
    "institute": "institutes",
    "ministry": "ministries",
    "museum": "museums",
    "party": "parties",
    "province": "provinces",
    "school": "schools",
    "university": "universities",
}

# "X of NAME": the name is a part of it.
OF_HEADS = words(
    """
    academy archbishop archdiocese association bank bishop board bureau chamber church college commonwealth council
    department diocese duchy duke earl federation government governorate gulf institute kingdom ministry museum
    parliament people port prince princess republic royal school senate state states supreme treaty union university
    """
)

# A capitalised one of these before a place makes another place of it.
PLACE_PREFIXES = words(
    """
    central east eastern el fort great greater inner la lake las little los lower mid mount new north northeast
    northern northwest old outer port saint san santa south southeast southern southwest st upper west western
    """
)

# Abbreviations that mean something else than an institution's initials would.
STOP_ACRONYMS = words(
    """
    ad ai aka am api ar asap atm bbc bc bce bio bot bst cad cap cd cdo ceo cet cfo cio ciso cmo coo covid cpu cso
    cto cv dc diy dna dns dvd ebitda edt eps esg est eta etf eu eur euro faq fun fyi gas gb gdp gmt gps gpu hd hiv
    hp hr html http ict id im io iot ip ipo iq is it jpg kb kg km led lgbt llm ma mb mba ml mp mri mvp nfl ngo no of
    ok on or os pa pc pdf phd pin pm ppp pr ps pst pt qa qc r rd rest rip rna roi rpm rss sat sdk seo sms so sos sql
    ssd ssl sun suv tba tbd tech tls tv ui uk un url us usa usb usd utc ux vat vc vip vp vpn vr vs was wifi www xml
    """
)

# Places as names abbreviate them; the first form is the full one.
PLACE_ABBREVIATIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("United States of America", ("United States", "U.S.", "US", "U.S.A.", "USA")),
    ("United States", ("U.S.", "US")),
    ("United Kingdom", ("U.K.", "UK", "Britain", "Great Britain")),
    ("European Union", ("E.U.", "EU")),
    ("United Nations", ("U.N.", "UN")),
    ("United Arab Emirates", ("U.A.E.", "UAE")),
    ("People's Republic of China", ("China", "PRC")),
    ("Los Angeles", ("L.A.", "LA")),
    ("San Francisco", ("S.F.", "SF")),
    ("New York City", ("NYC", "N.Y.C.")),
    ("New York", ("N.Y.", "NY")),
    ("New Jersey", ("N.J.", "NJ")),
    ("New Mexico", ("N.M.", "NM")),
    ("New Hampshire", ("N.H.", "NH")),
    ("North Carolina", ("N.C.", "NC")),
    ("North Dakota", ("N.D.", "ND")),
    ("South Carolina", ("S.C.", "SC")),
    ("South Dakota", ("S.D.", "SD")),
    ("West Virginia", ("W. Va.", "W.Va.", "WV")),
    ("Rhode Island", ("R.I.", "RI")),
    ("Washington, D.C.", ("Washington DC", "D.C.")),
    ("District of Columbia", ("D.C.", "DC")),
    ("Alabama", ("Ala.", "AL")),
    ("Alaska", ("AK",)),
    ("Arizona", ("Ariz.", "AZ")),
    ("Arkansas", ("Ark.", "AR")),
    ("California", ("Calif.", "Cal.", "CA")),
    ("Colorado", ("Colo.", "CO")),
    ("Connecticut", ("Conn.", "CT")),
    ("Delaware", ("Del.", "DE")),
    ("Florida", ("Fla.", "FL")),
    ("Georgia", ("Ga.", "GA")),
    ("Hawaii", ("HI",)),
    ("Idaho", ("ID",)),
    ("Illinois", ("Ill.", "IL")),
    ("Indiana", ("Ind.", "IN")),
    ("Iowa", ("IA",)),
    ("Kansas", ("Kan.", "KS")),
    ("Kentucky", ("Ky.", "KY")),
    ("Louisiana", ("La.",)),
    ("Maine", ("ME",)),
    ("Maryland", ("Md.", "MD")),
    ("Massachusetts", ("Mass.", "MA")),
    ("Michigan", ("Mich.", "MI")),
    ("Minnesota", ("Minn.", "MN")),
    ("Mississippi", ("Miss.", "MS")),
    ("Missouri", ("Mo.", "MO")),
    ("Montana", ("Mont.", "MT")),
    ("Nebraska", ("Neb.", "NE")),
    ("Nevada", ("Nev.", "NV")),
    ("Ohio", ("OH",)),
    ("Oklahoma", ("Okla.", "OK")),
    ("Oregon", ("Ore.", "OR")),
    ("Pennsylvania", ("Pa.", "Penn.", "PA")),
    ("Tennessee", ("Tenn.", "TN")),
    ("Texas", ("Tex.", "TX")),
    ("Utah", ("UT",)),
    ("Vermont", ("Vt.", "VT")),
    ("Virginia", ("Va.", "VA")),
    ("Washington", ("Wash.", "WA")),
    ("Wisconsin", ("Wis.", "WI")),
    ("Wyoming", ("Wyo.", "WY")),
)

# Spellings that differ between British and American names, and common abbreviations of words in names.
SPELLINGS = (
    ("defence", "defense"),
    ("labour", "labor"),
    ("centre", "center"),
    ("organisation", "organization"),
    ("theatre", "theater"),
    ("programme", "program"),
    ("harbour", "harbor"),
    ("saint", "st"),
    ("mount", "mt"),
    ("department", "dept"),
    ("brothers", "bros"),
    ("international", "intl"),
    ("laboratories", "labs"),
    ("university", "univ"),
)

# Country (as names write it after "of") -> the adjective that stands before the noun.
DEMONYMS = {
    "afghanistan": "afghan",
    "albania": "albanian",
    "algeria": "algerian",
    "america": "american",
    "argentina": "argentine",
    "armenia": "armenian",
    "australia": "australian",
    "austria": "austrian",
    "bangladesh": "bangladeshi",
    "belarus": "belarusian",
    "belgium": "belgian",
    "brazil": "brazilian",
    "britain": "british",
    "bulgaria": "bulgarian",
    "california": "californian",
    "canada": "canadian",
    "chile": "chilean",
    "china": "chinese",
    "colombia": "colombian",
    "croatia": "croatian",
    "cuba": "cuban",
    "cyprus": "cypriot",
    "czechia": "czech",
    "denmark": "danish",
    "egypt": "egyptian",
    "england": "english",
    "estonia": "estonian",
    "ethiopia": "ethiopian",
    "europe": "european",
    "finland": "finnish",
    "france": "french",
    "georgia": "georgian",
    "germany": "german",
    "ghana": "ghanaian",
    "greece": "greek",
    "hungary": "hungarian",
    "iceland": "icelandic",
    "india": "indian",
    "indonesia": "indonesian",
    "iran": "iranian",
    "iraq": "iraqi",
    "ireland": "irish",
    "israel": "israeli",
    "italy": "italian",
    "japan": "japanese",
    "jordan": "jordanian",
    "kazakhstan": "kazakh",
    "kenya": "kenyan",
    "korea": "korean",
    "kuwait": "kuwaiti",
    "latvia": "latvian",
    "lebanon": "lebanese",
    "libya": "libyan",
    "lithuania": "lithuanian",
    "malaysia": "malaysian",
    "malta": "maltese",
    "mexico": "mexican",
    "moldova": "moldovan",
    "mongolia": "mongolian",
    "morocco": "moroccan",
    "nepal": "nepalese",
    "netherlands": "dutch",
    "nigeria": "nigerian",
    "norway": "norwegian",
    "pakistan": "pakistani",
    "peru": "peruvian",
    "philippines": "philippine",
    "poland": "polish",
    "portugal": "portuguese",
    "quebec": "quebec",
    "romania": "romanian",
    "russia": "russian",
    "scotland": "scottish",
    "serbia": "serbian",
    "singapore": "singaporean",
    "slovakia": "slovak",
    "slovenia": "slovenian",
    "somalia": "somali",
    "spain": "spanish",
    "sudan": "sudanese",
    "sweden": "swedish",
    "switzerland": "swiss",
    "syria": "syrian",
    "taiwan": "taiwanese",
    "thailand": "thai",
    "tunisia": "tunisian",
    "turkey": "turkish",
    "uganda": "ugandan",
    "ukraine": "ukrainian",
    "venezuela": "venezuelan",
    "victoria": "victorian",
    "vietnam": "vietnamese",
    "wales": "welsh",
    "yemen": "yemeni",
    "zimbabwe": "zimbabwean",
}

# Places that a name may be left with when its generic nouns go; on their own they are the place, not the name.
PLACES = frozenset(DEMONYMS) | words(
    """
    aberdeen adelaide africa alabama alaska alberta alps amsterdam andes ankara antwerp arizona arkansas asia athens
    atlanta atlantic auckland austin baghdad baltic baltimore bangalore bangkok barcelona basel bavaria beijing
    belfast belgrade berkeley berlin bern birmingham bologna bombay bonn boston brisbane bristol brooklyn brussels
    bucharest budapest buffalo cairo calcutta calgary california cambridge canterbury cardiff caribbean carolina
    charlotte chelsea chennai chester chicago cincinnati cleveland cologne colorado columbia columbus connecticut
    copenhagen cornwall dakota dallas damascus delaware delhi denver derby detroit devon dhaka dortmund dresden
    dubai dublin dundee durham edinburgh edmonton essex eurasia everest exeter florence florida frankfurt geneva
    genoa glasgow guangdong guangzhou hague halifax hamburg hamilton hanoi hanover hartford havana hawaii heidelberg
    helsinki hiroshima houston idaho illinois indiana indianapolis iowa istanbul jacksonville jakarta jerusalem
    johannesburg kansas karachi kent kentucky kiev kyiv kyoto lagos lancaster lausanne leeds leicester leiden
    leipzig liege lille lima lincoln lisbon liverpool london louisiana louisville lyon madison madrid maine malmo
    manchester manhattan manila manitoba marseille maryland massachusetts mediterranean melbourne memphis miami
    michigan milan milwaukee minneapolis minnesota minsk mississippi missouri monaco montana montreal moscow mumbai
    munich nagoya naples nashville nebraska nevada newcastle nice norfolk nottingham nuremberg oakland ohio oklahoma
    ontario oregon orlando osaka oslo ottawa oxford pacific palermo paris pennsylvania perth philadelphia phoenix
    pisa pittsburgh plymouth portland porto prague princeton pyongyang queensland quito richmond rio riyadh rome
    rotterdam sacramento salzburg santiago sarajevo saskatchewan saxony scandinavia seattle seoul shanghai sheffield
    shenzhen siberia sicily sofia southampton stanford stockholm strasbourg stuttgart surrey sussex sydney taipei
    tampa tasmania tbilisi teheran tehran tennessee texas tokyo toledo toronto toulouse tucson turin utah utrecht
    valencia vancouver venice vermont verona vienna vilnius virginia warsaw washington wellington westminster
    winnipeg wisconsin wuhan wyoming york yorkshire zagreb zurich
    """
)
MULTIWORD_PLACES = _phrases(
    """
    new york, new york city, los angeles, san francisco, san diego, san jose, san antonio, las vegas, new orleans
    new jersey, new england, new mexico, new hampshire, north carolina, south carolina, north dakota, south dakota
    west virginia, rhode island, salt lake, st louis, saint louis, tampa bay, green bay, golden state, kansas city
    oklahoma city, fort worth, hong kong, south africa, south korea, north korea, new zealand, saudi arabia
    sri lanka, costa rica, puerto rico, new south wales, british columbia, nova scotia, buenos aires, sao paulo
    rio de janeiro, mexico city, cape town, tel aviv, united states, united kingdom, great britain, st petersburg
    saint petersburg, long island, silicon valley, the hague, abu dhabi, el paso, long beach, palo alto
    """
)
