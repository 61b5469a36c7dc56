"""How common English headline words are, without looking at any corpus at run time.

A word of no list is taken as rare, hence as telling. The lists are hand-written, in three steps.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that carry nothing in Dutch, French, German, Italian, Portuguese and Spanish, where they are no English ones.
FOREIGN = _words(
    """
    aan aber al au auch auf aus aux avec bei bij ce cette che como con da dans das dass dat de dei del
    della delle dem den der des deze di dit dos du een ein eine einen einer eines el em en er est et fur
    für gli hebben heeft het hij il im ist kan la las le les lo los maar mas meer met mit más na naar
    nach nao nel nella nicht niet nog não oder om ook op os par para pas por pour que qui se ses sich
    sont su sur sus te tot uber uit um uma un una und une unter van von voor vor werden wie wird worden
    wordt ze zijn zu zum zur über
    """
)

# Words that carry nothing, and the furniture of headlines ("Update", "Watch").
FUNCTION = _words(
    """
    a about above after again against ago ahead all almost along already also although always am amid
    among amp an analysis and another any anyone anything are aren't around as at audio away back be
    because been before behind being below between blog both breaking brief briefs but by can can't
    cannot click co column com corp corrected could couldn't did didn't digest do does doesn't doing
    don't done down due during each editorial either else enough etc even ever every everyone everything
    exclusive factbox few for from gallery get gets getting go goes going gone got had hadn't has hasn't
    have haven't having he he'd he'll he's her here here's hers herself him himself his how however html
    http https i i'd i'll i'm i've if in inc infographic inside instead interview into is isn't it it'd
    it'll it's its itself just least less let let's like live llc lot lots ltd made make makes making
    many may maybe me might mine more most much must my myself nbsp near nearly neither never newsletter
    no nobody none nor not nothing now of off often oh ok okay on once one only onto opinion or other
    others our ours ourselves out outside over own per perhaps photo photos pic pics picture pictures
    plc please podcast poll preview put puts quite rather read really recap refile review roundup rpt s
    same see seen sees shall she she'd she'll she's should shouldn't since slideshow snapshot so some
    somebody someone something sometimes somewhere soon still such than that that's the their theirs
    them themselves then there there's these they they'd they'll they're they've thing things this those
    though through thus till to together too toward towards transcript under unless until up update
    updated upon us use used using very via video videos vs was wasn't watch way ways we we'd we'll
    we're we've were weren't what what's whatever when when's where where's whether which while who
    who'd who's whom whose why why's will with within without won't would wouldn't www yes yet you you'd
    you'll you're you've your yours yourself
    """
)

# Words that stand in any day's headlines.
EVERYWHERE = _words(
    """
    afternoon announce announced announces apr april ask asked asks aug august backs bad began begin
    begins best better big bigger biggest billion business call called calls came change changed changes
    changing chief city close closed closes come comes coming companies company country day days deal
    deals dec december early eight end ended ending ends evening expect expected expects face faced
    faces facing fall falling falls family feb february fell find finds firm firms first five found four
    free fri friday full gave give given gives global good government great group half head help helped
    helping helps high higher highest hit hits home hundred international jan january jul july jun june
    keep keeps know known knows last late later launch launched launches leader leaders left lets life
    lives living local long look looking looks low lower lowest man mar march market markets men million
    mon monday month months morning move moved moves moving national need needed needs new news next
    night nine nov november oct october official officials old open opened opening opens part pct people
    percent plan planned plans public ran real release released releases report reported reportedly
    reporting reports reveal revealed reveals right rise rises rising rose run running runs said sat
    saturday say saying says second sep sept september service services set sets seven short show showed
    shown shows six start started starts state states stop stopped stops stories story sun sunday take
    takes taking talk talking talks tell tells ten think thinks third thought thousand three thu
    thursday time times today told tomorrow tonight took top tried tries try trying tue tuesday turn
    turned turns two u.s. uk usa want wanted wants watching wed wednesday week weekend weeks woman women
    work worked working works world worst year years yesterday young
    """
)

# Words that are ordinary without being everywhere.
ORDINARY = _words(
    """
    abandon able abuse accept access accident accord according account accounts accuse accused accuses
    achieve across act action activist activists activities activity actor actors actress ad adapt add
    added address addresses adds adjust administration admission admit admits adopt adoption adopts ads
    adult advance advertising advice adviser advisor advisors advocate advocates affair affairs affect
    affected affects afford affordable africa african aftermath age agency agenda aggressive agree
    agreed agreement agrees ai aid aim aims air airline airlines airport alarm album alcohol alert
    allegation allegations allege alleged allegedly alleges alliance allies allow allowed allows ally
    alone alternative amazing ambitious amend america american americans amount analyst analysts anger
    angry anniversary announcement announcements annual answer answers anti antitrust apart apartment
    apologise apologises apologize apologizes apology app apparent apparently appeal appeals appear
    appearance appearances appears application applications apply approach appropriate apps architect
    area argue argues argument arguments arms army arrangement arrest arrested arrival arrive arrives
    art article artist artists asia asian aside assault assess assessment asset assets assistance
    assistant associate association assume athlete atmosphere attach attack attacker attackers attacks
    attempt attend attention attorney attorneys attract auction audience australia australian author
    authorities authority automatic automation available average avoid award awards aware baby
    background backing backlash backup badly bag bail bailout balance ball ballot ban band bank banker
    bankers banking bankrupt bankruptcy banks bans bar barely barrel barrier base based basic basis
    basketball bathroom batteries battery battle beach bear bears beat beats beautiful beauty become
    becomes bed beef beer behavior behaviour belief believe bell bench benchmark benefit benefits beside
    bet bets bid bids biggest-ever bill billionaire billionaires billions bills biology bird birth
    birthday bit bite bitter black blame blamed blames blaming blast blasts blind block blocks blogger
    blood bloody blow blown blue board boast boat bodies body bomb bombing bond bonds bonus book books
    boom boost boosts border born borrow boss bother bottle bottom bound bowl box boy boyfriend boys
    brain branch branches brand brave bread break breakfast breaks breakthrough breast breath breathe
    brick bridge bridges bright brilliant bring brings britain british broad broadband broadcast broke
    broker brother brothers bubble buck budget bug bugs build builder building built bullet bundle
    burden burn burned burns bury bus buses businesses businessman busy buy buyers buying buyout buys
    cabinet cable cafe cake calendar california camera cameras camp campaign canada canadian canal
    cancel cancelled cancels cancer candidate candy cap capable capacity capital capture captured car
    card cards care career careful cargo carrier carriers carries carry carrying cars cartoon case cases
    cash casino cast cat catch category caught cause caused causes cautious celebrate celebrates
    celebration celebrities celebrity cell cells census center central centre centuries century ceo
    ceremony certain chain chains chair chairman challenge chance chaos chapter character characters
    charge charged charges charity chart chase chat chatbot cheap cheaper cheating check chef chemical
    chicago chicken child children china chinese chip chips chocolate choice choose christmas church
    churches cigarette cigarettes cinema circle cite cites citizen citizens civil claim claims clash
    clashes class classic classroom clean cleaner clear clearance client climate clinic clinical clip
    clock clothes cloud club clue clues coach coal coalition coast code coffee coin coins cold
    collaborate collaboration collapse collapses collect collection collects college collision color
    combat combine comeback comedy comfort comic command comment comments commerce commercial commission
    commissioner commit commitment committee commodities commodity common communication communications
    communist community compact compare comparison compensation compete competing competition
    competitive competitor competitors complain complaint complaints complete completed completely
    completes complex complicated component comprehensive compromise computer computers computing
    concept concern concerned concerns concert conclude conclusion condition conditions conduct
    conference confidence confident confirm confirmed confirms conflict confusion congress connect
    connected connection consequences conservative consider consist conspiracy constitution construction
    consultant consultation consulting consumer consumers consumption contact contain container content
    contest continue continues contract contractor contractors contracts contrary contribute contributor
    control controversial controversy convention conversation convert convicted conviction convince
    convoy cook cooking cool cooperation copy copyright core corner corporate corporation correct
    corruption cost costly costs cotton couldnt council counsel count counter countries county coup
    couple coupon courage course court courtroom courts cover coverage covers crack crackdown craft
    crash crazy cream create created creates creating creation creative creator creators creature credit
    credits crew cricket crime criminal criminals crisis criteria critical criticised criticism
    criticize criticized criticizes critics crop cross crowd crowds crucial crude cruel cruise crush cry
    crypto cryptocurrency cultural culture cup currencies currency current currently custody customer
    customers cut cuts cyber cyberattack cyberattacks cybersecurity cycle daily dairy damage damaged
    damages dance danger dangerous dare dark darkness data database date dates daughter daughters dawn
    dead deadline deadly dealer dealers dealt dear death debate debates debt debts decade decades
    deceptive decide decides decision decline declines deep defend defense delay delayed delays deliver
    delivered delivers delivery demand demanded demands democracy democrat democratic demonstrate denies
    deny department depression depth deputy descent desert deserve design desire desk desktop desperate
    despite destination destroy destroyed detail detailed details detect detective determine devastating
    develop developer developers development device devices diabetes diagnosed diagnosis dialogue
    diamond diary dictator die died dies diet difference differences different difficult difficulty dig
    digital dinner diplomat diplomatic diplomats direct director dirty disable disabled disagree
    disappear disappeared disappoint disappointed disappointing disappointment disappoints disaster
    disclosed discount discounts discover discovered discovery discrimination discuss discusses
    discussion disease dish dismiss dismissed dismisses disorder display dispute disputes disrupt
    disrupted distance distribution district diverse diversity divide dividend division divorce doctor
    doctors document documentary documents dog dollar dollars domestic dominate donate donation
    donations door double doubt doubts downgrade downgraded downgrades download downloads downtown dozen
    draft drag drama dramatic draw drawn dream dreams dress dressed drink drinking drinks drive driver
    drone drones drop drops drought drove drug drugs drunk dubbed dump duo dust duties duty eager ear
    earlier earliest earn earnings earth ease eases easier easily east eastern easy eat eating ebook
    economic economics economist economists economy edge editor educate education educational effect
    efficient effort efforts egg eggs ego elected election elections electric electricity electronic
    electronics element elite email embassy embrace emerge emergency emerges emerging emission emissions
    emotional employ employee employees employer employers employment empty enable encounter encourage
    endorse endorsement endorses enemy energy enforcement engage engaged engagement engine engineer
    engineering engineers england english enhance enjoy enormous ensure enter enterprise entertain
    entertainment enthusiasm entire entirely entitled entrance entrepreneur entrepreneurs entry
    environment environmental epic epidemic episode equal equipment equity era error errors escape
    escaped escapes especially essay essential establish established estate estimate estimated estimates
    ethics ethnic eu euro europe european evacuate evacuated evaluation event events eventually everyday
    evidence evil evolution evolve ex exact exactly exam examine example examples excellent exception
    exchange excited exciting exclude excuse exec execs execution executive executives exercise exhibit
    exhibition exist existing exit exits exodus expand expanded expanding expands expansion expectation
    expectations expelled expensive experience experiment experiments expert experts expire explain
    explained explains explode explodes exploit exploits explore explores explosion export exports
    expose exposed exposes exposure express extend extended extends extension extensive extent extra
    extreme extremely eye eyes fabric facilities facility fact factor factories factors factory fade
    fail failed fails failure fair fairly fairy faith fake fallout false fame familiar families famous
    fan fans fantastic fantasy far farm farmer farmers farms fashion fashionable fast faster fastest
    fatal fate father fault favorite fbi fear feared fears feast feature features fed federal fee feed
    feedback feel feelings fees fellow female feminist festival fever fiction fierce fifth fight fighter
    fighters fighting fights figure file filed files filing filings filling film filmmaker films final
    finally finance financial financially finding findings fine finger finish finished fire firearms
    fired fires fish fishing fit fitness fix fixed fixes flag flagship flat flaws fled fleet flexible
    flight flights flip float flood flooding floods floor flow flower flu fly flying focus focused
    focuses folk follow followers following follows food foods fool foot football force forced forces
    forecast forecasts foreign forest forever forget forgotten form formal format former forms formula
    fortune forum forward foster fought foundation founded founder founders fourth fraction frame france
    fraud freedom freeze freezes french frenzy frequent fresh friend friendly friends friendship front
    frozen fruit frustration fuel fuels fulfill fully fun function fund fundamental fundraising funds
    funeral funny furious furniture fury future futures gain gains galaxy gambling game games gang gap
    garage garden gas gather gathering gay gear gender general generate generation generations generous
    genius gentle genuine german germany ghost giant giants gift gifts girl girlfriend girls giving
    glass glasses glimpse globally globe glory goal goals god gold goods gorgeous gossip governance
    governor governors grab grabs grade gradually graduate graduates grand grandmother grant granted
    grants grave greater greatest greek green grief grocery gross ground grounds groups grow growers
    growing growth guarantee guard guards guess guest guests guidance guide guidelines guilt guilty gulf
    gun gunman guns guy guys habit habits hack hacked hackers hair halt halts hammer hand handle handles
    hands hanging happen happened happens happy harassment harbor hard hardly hardware harm harmful
    harsh harvest hate hates hatred haul headed heading headline headlines headquarters heads heal
    health healthcare healthy hear hearing hearings hears heart hearts heat heaven heavily heavy height
    heir helicopter hell helpful heritage hero heroes hesitate hidden hide hides highlight highlights
    highway hill hint hints hip hire hiring historic historical history hitting hockey hold holders
    holdings holds hole holiday holidays holy homeless homes honest honor honors hook hope hopeful hopes
    horrible horror horse hospital host hostage hostile hosts hot hotel hour hours house household
    households houses housing hugely human humanity humans humor hundreds hunger hunt hunters hunting
    hurdle hurricane hurt husband ice iconic idea ideal ideas identified identify identity ignore
    ignored ignores illegal illegally illness image images imagine immediate immediately immigrants
    immigration immune impact impacts impeachment implement implications imply import importance
    important imports impose imposed imposes impossible impress impressive improve improved improvement
    improves improving inch inches incident incidents include includes including income incomes increase
    increases increasingly incredible incredibly independence independent index india indian indians
    indicate indicates indict indicted indictment individual individuals indonesia industrial industries
    industry infant infected infection infections inflation influence information informed
    infrastructure ingredient initial initiative initiatives injection injured inmate inmates innocent
    innovation innovative input inquiry insider insiders insist insists inspection inspector inspiration
    inspired inspires install installed instance instant institute institution institutions instructions
    insult insurance insurer insurers integration intellectual intelligence intelligent intend intense
    intention interactive interest interests interface interim internal internationally internet
    interpret intervention interviews intimate intro invasion invention inventor invest investigate
    investigation investment investor investors invests invitation invite invited invites involve
    involved involvement involves ipo iran iraq ireland irish iron island islands isolated israel
    israeli issue issued issues italian italy item jacket jackpot jail jailed jails japan japanese jazz
    jeans jersey jet jewelry jewish job jobless jobs join joins joint joke journal journalism journalist
    journalists journey joy judge judges judgment juice jump jumps junior jurors jury justice keen key
    keyboard kick kicks kid kids kill killed killing kills kind king kingdom kiss kitchen knee knife
    knock knowledge korea korean label labels labor laboratory labour labs lack lady lake land lane
    laptop laptops large largest laser lasting lately latest launcher launching law lawmaker lawmakers
    lawn laws lawsuit lawyer lawyers layer layers layoffs lazy lead leadership leading leads leaf league
    leak leaked leaks lean learn learned learning lease leather leave leaves leaving lecture left-wing
    legacy legal legend legendary legislation legislators legislature legs lender lenders lending length
    lessons letter letters letting level levels liability liberal liberty library licence license lie
    lies lifestyle lifetime lift lifted lifts light lighter lights liked likely likes limit limited
    limits line lines link links lion lips liquid list listed listen listening listing lists literally
    literature little liver loan loans lobby lobbying located location locations lock locked logic logo
    london lonely longer longest longtime loom looming looms loose lord lose loses losing loss losses
    lost lottery loud lounge love loved lover lovers loves loving loyal loyalty luck lucky lunch lung
    luxury mac machine mad magazine magic magical magnet mail main mainland mainly maintain maintenance
    major majority maker makers makeup male mall manage managed management manager managers manages
    managing mandate manner mansion manufacture manufacturer manufacturers manufacturing map maps
    marathon margin margins marine mark marketing marketplace marks marriage married mask mass massacre
    massive master match mate material materials math matter mature maximum mayor meal meals mean
    meaning means meantime measure measures meat mechanism medal media medical medicare medication
    medicine medium meet meeting meets melt meltdown member members memo memorable memorial memories
    memory mental mention mentor menu mercy mere merely merge merger mergers merges mess message
    messaging messy metal method methods metro mexican mexico mice microphone middle midnight migrants
    mild mile miles militants military milk mill millionaire millions mind minds minimum mining minister
    ministers ministry minor minority minute minutes miracle mirror misleading miss misses missing
    mission missions mistake mistakes mixed mixture mobile mobility mode model models moderate modern
    modest mom moment momentum moms money monitor monitoring monkey monster monthly mood moon moral
    mortgage mortgages mostly mother mothers motion motivation motor motorcycle motors mount mountain
    mountains mouse mouth movement movie movies multiple murder murdered muscle museum music musical
    musician musicians muslim mutual mysterious mystery myth naked name named names narrow nasty nation
    nationwide native natural naturally nature naval navy nearby necessary neck needle negative
    negotiate negotiations neighbor neighborhood neighbors neighbours nerve nervous net network networks
    newborn newcomer newest newly newspaper newspapers nice nightmare nights nobel noise nominate
    nominated nomination nominee nominees normal normally north northern nose notable note notebook
    noted notes notice novel nowhere nuclear number numbers numerous nurse nurses nut obama obamacare
    obese obesity object objections observers obsession obstacles obtain obvious ocean odd odds offense
    offensive offer offered offering offers office officer officers offline offset offshore oil
    old-fashioned olympic olympics ongoing online opener openings openly operate operates operating
    operation operations operator operators opinions opponent opponents opportunities opportunity oppose
    opposed opposes opposition optical optimism optimistic option options oral orange order orders
    ordinary organ organic organisation organization organizations organize original oscar oscars
    otherwise ought outbreak outcome outdoor outfit outlook output outrage outsider outstanding overall
    overcome overhaul overnight overseas oversight overturn overturned owe owned owner owners ownership
    owns oxygen pace pacific pack package packages packed packs pact page paid pain painful paint
    painting pair pakistan palace pandemic panel panels panic paper papers parade paradise pardon parent
    parents park parking parks parliament parliamentary partial participate particular partly partner
    partners partnership partnerships party pass passage passed passenger passengers passes passion
    passionate passport password passwords past patent patents path patience patient patients patrol
    pattern pause pay paying payment pays peace peak peaks penny pension pensions perfect perfectly
    perform performance performances performed performer performs perfume peril period permanent
    permission permit permits person personal personality perspective petition pharmacy phase phenomenon
    philosophy phone phones photograph photographer photographs photography physical physician
    physicians piano pick picks piece pill pills pilot pilots pioneer pipe pipeline pitch pitches place
    placed places plague plain plaintiffs plane planet planets planning plant plants plastic plate
    platform platforms play played player players playing plays pleads pleased pleasure pledge pledged
    pledges plenty plot plug plus pocket poem poet poetry point points poised poison pole police policy
    political politically politician politicians politics polls pollution pool poor pop pope popular
    popularity populations port portfolio portion portrait pose poses position positive possession
    possibility possible possibly post posted posts potential potentially pound poverty power powerful
    powers practical practice practices praise praised praises pray prayer precious predict predicted
    prediction predictions predicts prefer pregnancy pregnant premier premiere premieres premium
    premiums preparation prepare prepared prepares preparing prescription presence present presents
    preserve president presidential presidents press pressure pretend pretty prevent previous previously
    price price-cut prices pride priest primary prime prince principal principle print printer printing
    prior priorities priority prison prisoner prisoners prisons privacy private privilege prize prizes
    pro probable probably probe problem problems procedure procedures proceed proceedings process
    processing processor produced producer producers produces product production products professional
    professor professors profile profit profitable profits program programme programming programs
    progress progressive prohibit project projection projects prominent promise promises promising promo
    promote promoted promotes promotion prompt prompts proof proper properly properties property
    proposal proposals propose proposed proposes prosecution prosecutor prosecutors prospect prospects
    protect protected protecting protection protective protects protein protest protesters protests
    proud prove proves provide provided provider providers provides province provision psychology pub
    publication publicly publish published publisher publishers publishes publishing pull pulls pump
    punch punish punishment purchase pure purple purpose pursue pursuit push pushes puzzle qualify
    quality quantity quarter quarterback quarterly quarters queen quest question questions quick quickly
    quiet quietly quit quits quiz quote rabbit race races racial racing racism racist racked radar
    radical radio rage raid raids rail railway rain raise raised raises raising rallies rally ranch
    random range ranges rank ranked ranking rankings ranks rape rapid rapidly rapper rare rarely rate
    rates rating ratings rational raw ray reach reaches react reaction reactions reactor reader readers
    readiness reads ready realistic reality realize realizes rear reason reasons rebel rebels rebound
    rebounds rebuild recall recalled recalls receipt receive received receives receiving recent
    reception recession recipe recipes recipient recognition recognize recommend recommendation
    recommendations recommended recommends record recorded recording recordings records recover recovery
    recruit recruiting recruits recycling red redesign reduce reduced reduces reducing reduction refer
    reference referendum refers reflect reflects reform refugee refugees refund refuse refused refuses
    regard regime regional regions register registration regret regular regularly regulate regulated
    regulation regulations regulator regulators regulatory rehab reign reject rejected rejects related
    relations relationship relative relatively relatives relax reliable relief religion religious
    reluctant rely remain remains remark remarkable remarks remember reminder remote removal remove
    removed removes renew renewable renewed rent rental repair repairs repay repeal repeat replace
    replaced replacement replaces replacing reply reporter reporters represent representative
    representatives represents republican reputation request requests require required requirement
    requirements requires rescue research researcher researchers reserve reserves reset residence
    resident residents resign resigns resist resistance resolution resolve resort resource resources
    respect respond responds response responsibility responsible rest restaurant restaurants restore
    restored restores restrict restricted restriction restrictions restructuring result results resume
    resumed resumes resurrection retail retailer retailers retain retains retire retirement retreat
    retro return returned returns reunion reunite reuniting reuse revamp revealing revelation
    revelations revenge revenue revenues reverse reversed reverses reviewed reviewers reviews revise
    revised revision revival revive revolution revolutionary reward rewards rhetoric rice rich rid ride
    riding rifle rights ring rings riot riots rip ripped risk risks rival rivals river road roads
    roadside roast robbery robot robotics robots robust rock rocket rocks rode role roll rolled rolling
    rolls roman romance romantic roof room rooms root roots rough round round-up route routine row royal
    royalty rubber ruin ruined rule ruled ruler rules ruling rulings rumor rumored rumors rumour rural
    rush rushed rushes russia russian sack sacked sacred sacrifice sad safe safely safety sail saint
    sake salaries salary sale sales salmon salon salt sample samples sanction sanctions sand satellite
    satellites satisfaction sauce save saved saves saving savings saw scale scam scams scandal scandals
    scare scared scary scenario scene scenes schedule scheme schemes scholar scholarship school schools
    science scientific scientist scientists scope score scores scoring scrap scratch scream screen
    screening screens script scrutiny sea seal search searches searching season seasons seat seats
    secondary secret secretary secretly secrets section sections sector sectors secure secured secures
    securities security seed seeing seek seeking seeks seemed seems segment seize seized seizes selected
    selection self sell seller sellers selling sells senate senator send sending sends senior sensation
    sense sensitive sensor sensors sent sentence sentenced sentences separate separated sequel sequence
    sergeant series serious seriously servant serve server servers serves serving session settings
    settle settled settlement settlements settles settling seventh several severe sex sexual sexuality
    sexy shade shadow shadows shake shakes shaking shallow shame shape shapes share shared shareholders
    shares sharing shark sharks sharp sharply shed sheet shelf shell shelter shield shift shifts shine
    shining ship shipment shipments shipping ships shirt shirts shock shocked shocking shocks shoe shoes
    shook shoot shooter shooting shootings shop shopping shops shore shortage shortages shortly shot
    shots shoulder shout showcase showdown shower shrink shut shutdown sick side sidelines sight sign
    signal signals signature signed significance significant significantly signs silence silent silicon
    silly silver similar similarly simple sing singer singers singing single sink sir sister sisters
    site sites sitting situation sixth size sized skeptical skill skills skin skip skips skull sky slam
    slammed slams slash slashed slashes slave slavery sleep sleeping slice slight slightly slim slogan
    slot slow slowdown slower slowly slows small smaller smart smarter smash smell smile smiles smoke
    smokers smoking smooth snap snow so-called soap soccer social socially societies society soft softer
    software soil solar sold soldier soldiers sole solid solo solution solutions solve solved somehow
    son song songs songwriter sophisticated sorry sort soul sound sounds soup source sources south
    sovereign space spacecraft spaces spark sparked sparking sparks speak speaker speakers speaking
    speaks special species specific specs spectacular spectrum speculation speech speeches speed speeds
    spell spend spending spends spent sperm spies spike spin spin-off spinoff spiral spirit spiritual
    spite split splits spoke spokesman spokeswoman sponsor sponsored sponsors sport sports spot
    spotlight spots spotted spouse spray spread spreading spreads spring spy spying squad square squeeze
    stability stable stadium staff stage stages stake stakes stalled stalls stamp stand standard
    standards standing stands staple star stark starring stars starter startup startups starving
    statement statements stating station stations statistics stats statue status stay stayed stays
    steady steal stealing steals steel steep stem step stepped stepping steps stick sticking sticks
    stiff stimulus stock stocks stole stolen stomach stone stones storage store stored stores storm
    straight strange strangers strategic strategies strategy stream streaming streams street streets
    strength strengthen stress stressed stretch stretches strict strictly strike strikes string strip
    stripped stroke strong stronger strongest struck structural structure structures struggle struggles
    struggling stuck student students studied studies studio studios study studying stuff stunned
    stunning stunt stupid style subject subjects submit subscriber subscribers subscription
    subscriptions subsidies subsidy substance substantial subtle suburb suburban succeed success
    successful successfully successor sudden suddenly sue sued sues suffer suffered suffering suffers
    sufficient sugar suggest suggested suggesting suggestion suggestions suggests suicide suit sum
    summer summit super superior supermarket supplement supplier suppliers supplies supply support
    supported supporter supporters supporting supports supposed supreme surely surface surfaces surge
    surgeon surgery surges surgical surprise surprised surprises surprising surprisingly surrender
    surround surrounding surveillance survey surveys survival survive survived survives survivor
    survivors suspect suspected suspects suspend suspended suspends suspension suspicion suspicious
    sustain sustainable swear sweep sweeps sweet swim swing swings swiss switch switched switches symbol
    symptom symptoms syndrome syrian system systems tablet tablets tackle tackles tactic tactics tag
    tail takeaway takeaways talent talented tales tall tank tanks tap tape tapped taps target targeted
    targeting targets task taste taught tax taxes taxi taxpayer taxpayers teach teacher teachers
    teaching team teams tear tears tease teaser teases tech technical technique technologies technology
    teen teenager teens teeth telecom telephone television temperature temperatures temporarily
    temporary tempt tend tendency tennis tension tensions tenure term terminal terms terrible terrific
    terror terrorism terrorist terrorists test testing tests texas text texts thank thanks thanksgiving
    theater theaters theft theme theories theory therapy thick thief thieves thin thirds thoroughly
    thoughtful thousands threat threaten threatened threatening threatens threats thrilled thriller
    thrive thriving throat throne throw throwing thrown throws thunder ticket tide tie tied ties tiger
    tight tighten tiny tipped tips tired tissue title tobacco toddler toll tomato tone tongue tool tools
    tooth topic topics topped tops torch tornado torture toss total totally touch touchdown touched
    touches tough tour tourism tourist tourists tournament tours town toy toys trace track trade traded
    trademark trader traders trades trading tradition traditional traffic tragedy tragic trail trailer
    train trained training trains transaction transactions transfer transform transformation transit
    transition translate transmission transparency transparent transport transportation trap trash
    trauma travel traveled travelers travels treasure treasury treat treated treatment treats treaty
    tree trees trends trial tribe tribute trick tricks tricky trigger triggered triggers trillion trip
    trips triumph troops tropical trouble troubled troubles truck trucks true truly trump trust trustee
    truth tube tuition tumor tune tunnel turkey turmoil turnaround turning tv tweet tweeted tweets twice
    twin twins twist twisted type typical typically ugly ukraine ukrainian ultimate ultimately unable
    uncertain uncertainty unchanged uncle uncover uncovers undergo undergoes underground underlying
    understand underwater underway underwear undo undocumented unemployment unexpected unfair
    unfortunately uniform union unique unit united units universal universe universities university
    unknown unlawful unlike unlikely unlock unlocked unprecedented unusual unveil unveils upcoming
    upgrade upgraded upgrades upper upset urban urge urged urges usage useful useless user users usual
    usually vacation vaccine vaccines valley valuable valuation value valued values vanish vanished
    variety various vast vegas vegetable vehicle vehicles vendor venture ventures venue verdict verify
    version versus veteran veterans veto viable vice vicious victim victims victory view viewer viewers
    viewing views village violate violated violates violating violation violations violence violent
    viral virtual virtually virus viruses visa visible vision visit visited visiting visitors visits
    visual vital vocal voice voices void volatile volatility volcano volume volumes voluntary volunteer
    volunteers vote voted voter voters votes voting vow vowed vows vulnerable wage wages wait waiting
    wake wakes wales walk walked walking walks wall walls wanting war warehouse warming warn warned
    warning warns warrant warrants warranty warrior wars wash washed washington waste watchdog water
    waters wave waves weak weaker weakness weaknesses wealth wealthy weapon weapons wear wearing wears
    weather web website wedding weekly weigh weighing weighs weight weird welcome west whale wheat wheel
    wheels whistleblower white whole widely wider widespread widow wife wild wildlife win window wine
    wing wings winner winners winning wins winter wipe wire wireless wisdom wise wish withdraw
    withdrawal withdraws withdrew witness witnesses won wonder wonderful wonders woo wood wooden wooing
    woos word words wore workers workforce workplace workshop worldwide worn worried worries worry
    worrying worse worship worth worthy wound wounded wrap wraps wreck wrestling write writer writers
    writes writing written wrong wrote yard yeah yearly yellow yield yields youngest youth youths zero
    zone
    """
)
