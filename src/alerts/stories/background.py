"""How common English headline words are, without looking at any corpus at run time.

A word of no list is taken as rare, hence as telling. The lists are hand-written, in three steps.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
    afternoon announce announced announces apr april ask asked asks aug august bad began begin begins
    best better big bigger biggest billion business call called calls came change changed changes
    changing chief city close closed closes come comes coming companies company country day days deal
    deals dec december early eight end ended ending ends evening expect expected expects face faced
    faces facing fall falling falls family feb february fell find finds firm firms first five found four
    free fri friday full gave give given gives global good government great group half head help helped
    helping helps high higher highest hit hits home hundred international jan january jul july jun june
    keep keeps know known knows last late later launch launched launches leader leaders left life lives
    living local long look looking looks low lower lowest man mar march market markets men million mon
    monday month months morning move moved moves moving national need needed needs new news next night
    nine nov november oct october official officials old open opened opening opens part pct people
    percent plan planned plans public ran real release released releases report reported reportedly
    reporting reports reveal revealed reveals right rise rises rising rose run running runs said sat
    saturday say saying says second sep sept september service services set sets seven short show showed
    shown shows six start started starts state states stop stopped stops stories story sun sunday take
    takes taking talk talking talks tell tells ten think thinks third thought thousand three thu
    thursday time times today told tomorrow tonight took top tried tries try trying tue tuesday turn
    turned turns two u.s. uk want wanted wants wed wednesday week weekend weeks woman women work worked
    working works world worst year years yesterday young
    """
)

# Words that are ordinary without being everywhere.
ORDINARY = _words(
    """
    able accept access account accounts across act action add added adds admit admits adult advance
    adviser age agency agree agreed agreement agrees aid aim aims air alert allow allowed allows alone
    america american americans amount analyst analysts anger angry annual answer answers app appeal
    appeals appear appears apps area army arrest arrested art article assets attack attacks attempt
    attention audience author authorities available average avoid award awards baby ban bank banks bans
    bar base based battle beat beats beautiful become becomes behavior believe benefit benefits bid bids
    bill bills birthday bit black block blocks blow blue board boost boosts born boss boy boys brand
    break breaks bring brings british broke budget build building built buy buyers buying buys campaign
    cancer candidate capital car card care career cars case cases cash cast cause caused causes
    celebrate celebrity center central ceo certain chair chairman challenge chance charge charged
    charges cheap check child children choice choose church claim claims class clear client climate club
    coach code cold college color comeback comment comments common community compare competition
    computer concern concerned concerns confirm confirmed confirms congress consider consumer consumers
    content continue continues contract control cost costs council couple court cover crash create
    created crime crisis critical critics cup current customer customers cut cuts damage dance danger
    dangerous data date daughter dead death debate debt decide decides decision decline declines deep
    defend defense delay delayed delays demand democrat denies deny department design despite details
    develop developer developers development device devices die died dies different digital dinner
    direct director disaster discover discovered disease doctor doctors dog dollar dollars door double
    dozen draw dream dress drive driver drop drops drug drugs earn earnings earth east easy eat economic
    economy edge education effect effort efforts election email emergency employee employees employer
    employers energy enter entertainment episode euro europe european event events everyday evidence
    exchange executive executives experience expert experts explain explained explains extra eye eyes
    fact factory fail failed fails failure fair faith fan fans far fashion fast father favorite fear
    fears feature features federal feel fight fighting figure file filed files filing film films final
    finally finance financial fine fire fired fish fix flight fly focus follow following follows food
    football force forced forces foreign forget form former forward fourth friend friends front fuel fun
    fund funds future gain gains game games gas general girl girls goal gold green ground grow growing
    growth guide gun guy hack hair hand hands happen happened happens happy hard hate health hear
    hearing heart heat heavy hell hero hide hire hiring history hold holds holiday hope hopes horse
    hospital host hot hotel hour hours house human hurt ice idea ideas image images impact important
    improve include includes including income increase increases independent industry inflation
    information injured innovation insider inspired interest internet invest investigate investigation
    investment investor investors involved issue issued issues item job jobs join joins joke judge jump
    jumps jury justice key kid kids kill killed killing kills kind king kiss lack land large largest
    latest launching law laws lawsuit lawyer lawyers lead leading leads learn learned learning leave
    leaves leaving legal letter level light likely limit line link list little loan loans lose loses
    loss losses lost love luxury machine magazine main major manage manager mark marks married mass
    match matter meal mean means media medical meet meeting meets member members memory message middle
    military mind minister minute minutes miss missing mobile model models modern moment money monster
    mother movie movies murder music name named names nation network networks nice north note notes
    number numbers offer offered offering offers office officer officers oil online opportunity option
    options order orders original outlook owner owners pact page pain paper parent parents park
    parliament partner partners party pass passed passes past patient patients pay paying payment pays
    peace perfect perform performance period person personal phone phones pick picks piece place plane
    planet plant plants play played player players playing plays point points police policy political
    poor popular popularity portion position positive possible post posted posts potential pound power
    powerful practice present president press pressure pretty prevent price prices prime prince prison
    private pro probe problem problems process product production products profit profits program
    programs progress project promise proof property propose proposed proposes protect protection
    protest protests prove proves provide pull pulls push pushes quarter quarterly queen question
    questions quick quickly quit quits race radio raise raised raises raising rate rates ratings reach
    reaches react reaction reader ready reality reason reasons recall recalled recalls receive recent
    record records recover recovery red reform reject rejected rejects relationship remain remains
    remember remove removed republican request require rescue research researchers resign resigns
    response rest restaurant result results retail retailer retailers retire return returned returns
    revenue revenues reviews rich ride rights risk risks road rock role room round rule rules rumor
    rumors russia russian safe safety sale sales sanctions save saves scandal scene schedule school
    science scientists score screen search season seat secret secretary secrets section security seek
    seeking seeks sell selling sells senate senator senior sentence series serious serve session settle
    settlement several sex sexy share shared shareholders shares shift ship shock shocking shoot
    shooting shop shopping shot shots side sign signed signs simple single sister site sites situation
    size sky slow small smart social software sold solution son song songs source sources south space
    speak speaks special speech speed spend spending spin sport sports spot spring staff stage stake
    stand standard star stars statement station stay stays step steps stock stocks store stores storm
    straight strategy stream streaming street strike strong student students studies study stuff style
    success sue sued sues suffer suffers suggest suggests suit summer super supply support surge surges
    surprise surprises surprising survey survive suspect suspected system systems tax taxes teacher team
    tech technology teen teenager television term terms test tests thank theater theory threat threatens
    threats ticket tie tips title total touch tough tour tours town track trade trader traders trading
    traffic trailer train transfer travel treasury treat treatment trial trip trouble truck true trust
    truth tv type understand union unit united university unveil unveils upgrade upgraded urge urged
    urges user users value vehicle vehicles version victim victims view views violence vote voters votes
    wait walk wall war warn warned warning warns water weak weapon wear wearing weather web website
    wedding weight welcome west white wife wild win window winner winners winning wins winter wish
    witness won wonder wonderful word words workers worried worry worth write writer writes written
    wrong youth zone
    """
)
