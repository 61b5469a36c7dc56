"""English words that matching needs to know: what may be a word where a name is written alike.

Written for this project. Lower case, no accents; inflected forms where they differ in headlines.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(text.split())


FUNCTION_WORDS = words(
    """
    a about above across after again against ago all almost along already also although always am among an and
    another any anybody anyone anything are around as at away back be because been before behind being below beside
    besides between beyond both but by can cannot could d despite did do does doing done down during each either
    else enough even ever every everybody everyone everything except few for from further had has have having he
    hence her here hers herself him himself his how however i if in indeed inside instead into is it its itself just
    least less let like ll m many may me might mine more most much must my myself near neither never no nobody none
    nor not nothing now of off often on once one only onto or other others otherwise ought our ours ourselves out
    outside over own per perhaps quite rather re really s same shall she should since so some somebody someone
    something soon still such t than that the their theirs them themselves then there therefore these they thing
    this those though through throughout thus till to together too toward towards under unless until unto up upon us
    ve very via was we well were what whatever when whenever where whereas wherever whether which while who whoever
    whole whom whose why will with within without would yes yet you your yours yourself yourselves
    """
)

PRONOUNS = words(
    "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs itself "
    "himself herself themselves ourselves this that these those who which one"
)

DETERMINERS = words("the this that its their our his her a an")

COMMON_WORDS = FUNCTION_WORDS | words(
    """
    ability able abroad absence accept access accident account accuse achieve acquire act action active actor actual
    ad add address admit adopt adult advance advanced advantage advice affair affect afford afraid age agency agent
    agree agreement ahead aid aim air alarm album alert align alive alliance allow ally alone alpha alternative
    amazing amount analysis analyst ancient anger angle angry animal annual answer anxiety apart apparent appeal
    appear application apply approach approve april area argue arm army arrest arrive art article ask asleep aspect
    assault assess asset assist associate assume atlas attack attempt attend attention attorney auction audience
    august aunt author authority auto autumn available avenue average avoid award aware awful baby bad bag balance
    ball ban band bank bar bare base baseball basic basis basket basketball bat battle beach bear beat beautiful
    beauty bed beer begin beginning behavior belief believe bell belong belt bench benefit best bet better big bike
    bill billion bird birth bit bite black blame blast blind block blood blow blue board boat body bomb bond bone
    bonus book boom boost border born boss bottle bottom bowl box boy brain branch brand brave bread break breakfast
    breath bridge brief bright bring broad brother brown budget build builder building bull burn bus business busy
    butter button buy buyer cable cake call calm camera camp campaign cancel cancer candidate cap capable capital
    captain capture car carbon card care career careful carry case cash cast cat catch category cause cell center
    central centre century certain chain chair challenge champion chance change channel chapter character charge
    charity chart chase cheap check cheese chemical chest chief child children chip choice choose church circle
    citizen city civil claim class classic clean clear clever client climate climb clock close closed closer cloud
    club coach coal coast code coffee cold collapse collect college color colour column combine come comfort command
    comment commercial commission commit committee common community company compare compete complain complete
    complex computer concept concern concert condition conduct conference confirm conflict connect consider
    construct consumer contact contain content contest context continue contract control convert cook cool copper
    copy core corn corner correct cost council count counter country county couple courage course court cousin cover
    cow crack craft crash create creative credit crew crime crisis critic critical cross crowd crown cruise cry
    culture cup cure curious current curve customer cut cycle daily damage dance danger dare dark data date daughter
    day dead deal dear death debate debt decade december decide decision deck deep deer defeat defence defend
    defense degree delay deliver delta demand democracy dense deny department depend depth deputy describe desert
    deserve design desire desk detail detect develop device devil diamond die diet differ different difficult dig
    digital dinner direct direction director dirty disaster discover discovery discuss disease dish dispute distance
    district divide doctor dog dollar domestic door double doubt dozen draft dragon drama draw dream dress drink
    drive driver drop drug dry due dust duty dynamic eagle ear early earn earth ease east eastern easy eat echo
    eclipse economic economy edge edition editor education effect effort egg eight elect election electric element
    elite email emerge emergency empire employ empty enable end enemy energy engage engine engineer enjoy enter
    entire entry envoy equal error escape essence essential establish estate event evidence evil evolve exact
    example excellent exchange excite exercise exist exit expand expect expensive experience expert explain explore
    express extend extra extreme eye face facility fact factor factory fail failure fair faith fall false fame
    familiar family famous fan far farm farmer fashion fast fat fate father favor fear feature february federal fee
    feed feel feeling fellow female field fifth fifty fight figure file fill film final finally finance financial
    find fine finger finish fire firm first fish fit five fix flag flame flash flat flight flood floor flow flower
    fly focus fold folk follow food foot football force foreign forest forever forget form formal former forth
    fortune forum forward found foundation founder four fourth fox frame free freedom fresh friday friend front
    fruit fuel full fun function fund funny fuse future galaxy game gap garage garden gas gate gather gear gene
    general generation gentle genuine ghost giant gift girl give given glad glass global go goal gold golden golf
    gone good govern government grab grace grade grain grand grant grass gray great green grey grid ground group
    grow growth guard guardian guess guest guide gun guy habit hair half hall hand handle hang happen happy harbor
    hard harm harvest hat hate hawk head health hear heart heat heaven heavy height hell hello help herald heritage
    hero hidden hide high highland highway hill hip hire history hit hold hole holiday hollow holy home honest honor
    hope horizon horse hospital host hot hotel hour house household huge human humor hundred hunt hunter hurry hurt
    husband ice icon idea ideal image imagine impact imperial improve incident include income increase independent
    index individual industry infinite influence inform initial injury inner insight inspire institute institution
    insurance intelligence intend interest internal international internet invest investor invite iron island issue
    item january jazz jet job join joint joke journal journey joy judge july jump june junior jury justice keen keep
    key kick kid kill kind king kingdom kiss kitchen knee knife knight knock know lab labor labour lack lady lake
    land lane language large laser last late later latest laugh launch law lawyer lay lead leader leaf league lean
    leap learn leather leave left leg legacy legal legend lens lesson letter level liberty library license lie life
    lift light lime limit line link lion lip liquid list listen lithium little live living load loan local location
    lock log logic lone long look loop loose lord lose loss lost lot loud love low loyal luck lucky lunch machine
    mad magic mail main major make maker male mall man manage manager mantle manual map march margin marine mark
    market marriage marry mass master match material matter max maximum mayor meal mean measure meat media medical
    medicine medium meet meeting member memory mental mention menu mercury mercy message metal method metro middle
    midnight mile military milk mill million mind mine minister ministry minor mint minute mirror miss mission
    mistake mix mobile mode model modern moment monday money month mood moon moral morning mortgage mother motion
    motor mountain mouse mouth move movement movie murder muscle museum music mutual mystery myth name narrow nation
    national native natural nature navy near neat neck need negative neighbor nest net network neural neutral new
    news next nice night nine noble noise normal north northern nose note notice notion nova novel november nuclear
    number nurse oak object observe ocean october odd offer office officer official oil old olive olympic omega open
    opening opera operate opinion option orange orbit order ordinary organic organization origin outcome outlook
    outside oven owner oxygen pace pack package page pain paint pair palace pale panel panic paper parade parent
    park part partner party pass passage passion past patch path patient pattern pause pay payment peace peak pearl
    peer pen penalty pension people pepper percent perfect perform period permanent permit person personal phase
    phoenix phone photo phrase physical piano pick picture piece pile pilot pin pine pink pioneer pipe pitch place
    plain plan plane planet plant plastic plate platform play player please plenty plot plus pocket poem point
    poison pole police policy polish political politics poll pool poor pop popular port position positive possible
    post pot potential pound power practice praise pray prefer premier premium prepare presence present preserve
    president press pressure pretty prevent price pride primary prime prince print prior prison private prize
    problem process produce product profit program progress project promise promote proof proper property protect
    protest proud prove provide province public publish pull pulse pure purple purpose push put puzzle quality
    quarter queen quest question quick quiet quit quote race radical radio rage rail rain raise ram random range
    rank rapid rare rate raw reach react read reader ready real reality realm reason rebel receive recent record
    recover red redfin reduce reform refuse region regular reject relate relation relax release relief religion rely
    remain remember remote remove rent repair repeat replace reply report republic request require rescue research
    reserve resident resist resolve resort resource respect respond rest restaurant result retail retire return
    reveal revenue review revolution reward rich ride rifle right ring riot rise rising risk rival river road rock
    rocket role roll roof room root rope rose rough round route row royal rule run runner rural rush sacred sad safe
    safety sail salt sample sanction sand satellite saturday sauce save saving say scale scan scene school science
    scope score scout scream screen script sea search season seat second secret section sector secure security seed
    seek segment select self sell senate senator send senior sense sentence september series serious serve service
    session set settle seven shadow shake shape share shark sharp shed sheep shell shelter shield shift shine ship
    shirt shock shoe shoot shop shore short shot shoulder shout show shower shut sick side siege sight sign signal
    silence silent silver similar simple sing singer single sink sister site situation six size skill skin sky slack
    slam sleep slice slide slow small smart smile smoke smooth snap snow soap social society soft software soil
    solar soldier solid solution solve son song sonic sort soul sound source south southern space spare spark speak
    special speed spell spend spirit spite split sport spot spread spring sprint square stability stable staff stage
    stake stand standard star stare start state station status stay steady steal steam steel stem step stick stock
    stone stop store storm story straight strange strategy stream street strength stress stretch strike string strip
    stripe strong structure struggle student studio study stuff style subject submit succeed success sudden suffer
    sugar suggest suit summer summit sun sunday super supply support suppose supreme sure surface surge surprise
    survey survive suspect sweet swift swim swing switch sword symbol system table tail take talent talk tall tank
    tap target task taste tax tea teach teacher team tear tech technical technology tell temple ten tender tennis
    term terra test text thank theater theatre theme theory thick thin think third thought thousand threat three
    thrive throw thunder thursday ticket tide tie tiger tight time times tin tiny tip tire title today tomorrow tone
    tonight tool tooth top topic torch total touch tough tour tower town toy track trade tradition traffic trail
    train transfer transport trap travel treat treatment treaty tree trend trial tribe trick trigger trip troop
    trouble truck true trust truth try tube tuesday tune tunnel turn twelve twenty twice twin two type uncle
    understand unicorn union unique unit united unity universal universe university unknown upper urban urge use
    user usual vacuum valley value van vanguard variety vast vault vector vehicle venture venue verb version vessel
    veteran victim victory video view village violence virtual virtue virus vision visit visual vital voice volume
    vote wage wait wake walk wall want war warm warn warning wash waste watch water wave way weak wealth weapon wear
    weather web wedding wednesday week weekend weigh weight welcome west western wheel white wide wife wild win wind
    window wine wing winner winter wire wise wish witness wolf woman women wonder wood word work worker world worry
    worth wound write writer wrong yard year yellow yesterday young youth zero zone zoom
    """
)

# What an organisation does in a headline: after one of these, the word before it is a name at any place.
ACTION_WORDS = words(
    """
    accuses acquires adds admits agrees aims alleges announces appeals appoints asks backs bans bets blames blocks
    boosts bought buys calls ceo cfo chairman chief claims closes confirms cuts debuts declines delays denies
    deploys discloses drops employees ends engineers executive executives expands expects faces files fires fixes
    founder gains gets gives grows halts has hires hits inc introduces invests is issues joins launches lays leads
    licenses loses makes may moves names needs offers opens orders outage owns partners patches pauses pays plans
    pledges posts predicts president probes promises proposes provides pulls pushes raises reaches recalls regains
    rejects releases removes replaces reported reports researchers restores resumes retires reveals rises rolls said
    says seeks sees sells sets settles shareholders shares shuts signs slashes slides sold spokesman spokesperson
    spokeswoman staff starts stock stocks stops sues suffers supports suspends taps targets teams tells tests
    threatens to told unveils updates urges users wants warned warns was will wins withdraws workers
    """
)

MONTHS = words(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday"
)

# Whom organisations have: before one of these, a capitalised word names an organisation.
AGENTS = words(
    """
    alumni analyst analysts bid board ceo cfo chairman chairwoman chief coach cofounder customers deal earnings
    employees executive executives fans founder investors ipo lawsuit members merger officials outage players profit
    profits researchers results revenue revenues sales shareholders shares spokesman spokesmen spokesperson
    spokeswoman stock students subsidiary unit users workers
    """
)

# Words that stand before a person's name.
PERSON_TITLES = words(
    """
    actor actress ambassador attorney bishop brother capt captain cardinal chancellor coach col colonel congressman
    congresswoman corporal dame deputy detective dr father gen gov governor imam judge justice king lady lieutenant
    lord lt maj major mayor minister miss mr mrs ms mx officer pastor president prince princess prof professor pvt
    queen rabbi rep representative rev reverend sen senator sergeant sgt sheriff singer sir sister
    """
)

# Given names that are common in news; a lone name after one of them is a surname.
GIVEN_NAMES = words(
    """
    aaron abigail adam adrian ahmed aidan alan albert alejandro alex alexander alexandra alexis alfred ali alice
    alicia alison allan allen amanda amber amir amy ana anders andre andrea andreas andrew andy angela angelina
    anita ann anna anne annie anthony antonio april arnold arthur ashley audrey austin barbara barry beatrice ben
    benjamin bernard bernie beth betty beverly bill billy bob bobby bonnie brad bradley brandon brenda brett brian
    bridget bruce bryan caitlin calvin cameron carl carla carlos carmen carol caroline carolyn catherine cecilia
    chad charles charlie charlotte chelsea cheryl chloe chris christian christina christine christopher cindy claire
    clara clark claude claudia colin connor corey craig crystal curtis cynthia daisy dale damian dan dana daniel
    danielle danny darren daryl dave david dawn dean debbie deborah denise dennis derek diana diane diego dmitri
    dmitry dominic don donald donna doris dorothy doug douglas duncan dylan earl eddie edgar edith edward edwin
    eileen elaine eleanor elena elijah elizabeth ella ellen emily emma emmanuel eric erica erik erin ernest esther
    ethan eugene eva evan evelyn felix fernando fiona florence frances francesca francis francisco frank fred
    frederick gabriel gail gareth gary gavin geoffrey george gerald gerard gina giovanni giulia glen glenn gloria
    gordon grace graham grant greg gregory guy hannah hans harold harriet harrison harry harvey hassan heather helen
    henry herbert holly howard hugh hugo ian igor ingrid irene isaac isabel isabella ivan jack jackie jackson jacob
    jacqueline jake james jamie jan jane janet janice jason jay jean jeff jeffrey jennifer jenny jeremy jerome jerry
    jesse jessica jill jim jimmy joan joanna joe joel johan john johnny jon jonathan jordan jorge jose joseph josh
    joshua joyce juan judith judy julia julian julie juliet justin karen karl kate katherine kathleen kathryn kathy
    katie keith kelly ken kenneth kenny kevin kim kimberly klaus kristen kurt kyle lance larry lars laura lauren
    laurence lawrence leah lee leo leon leonard leslie lewis liam lily linda lisa lloyd logan lori louis louise
    lucas lucy luis luke lynn madison malcolm marc marcel marco marcus margaret maria marie marilyn mario marion
    mark markus marshall martha martin marvin mary mason matt matthew maureen maurice max maxwell megan melanie
    melissa mercedes michael michelle miguel mike mitchell mohamed mohammed molly monica morgan muhammad nancy naomi
    natalie natasha nathan nathaniel neil nicholas nick nicolas nicole nigel nina noah noel nora norman olga oliver
    olivia omar oscar pablo pamela pat patricia patrick paul paula pauline pedro penny peter phil philip phillip
    phoebe pierre rachel ralph ramon randy raul ray raymond rebecca rex rhonda ricardo richard rick ricky rita rob
    robert roberta roberto robin rodney roger roland ron ronald rosa rosemary ross roy ruby rupert russell ruth ryan
    sabrina sally sam samantha samuel sandra sara sarah scott sean sebastian sergei sergey seth shane shannon sharon
    shaun shawn sheila shirley sidney simon sofia sonia sophia sophie spencer stacey stanley stefan stella stephanie
    stephen steve steven stewart stuart sue susan suzanne sylvia tamara tara ted teresa terry theodore theresa
    thomas tiffany tim timothy tina todd tom tommy toni tony tracy travis trevor tristan tyler valerie vanessa vera
    vernon veronica victor victoria vincent viola virginia vivian vladimir walter wanda warren wayne wendy werner
    wesley wilhelm will william willie winston xavier yvonne zachary zoe
    """
)
