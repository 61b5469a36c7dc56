"""The forms of a verb, by rule and a small table for each language: what `{steal}` of a pattern stands for.

The forms are those that news uses: the infinitive, present and past of the third person, participles. A form
that does not exist costs nothing, so rules give too many rather than too few.
"""

from __future__ import annotations

from collections.abc import Callable

_VOWELS = "aeiou"


def _table(text: str) -> dict[str, tuple[str, ...]]:
    """`verb: forms` a line; of German, Dutch and English verbs the forms that no rule gives."""
    rows = (line.split(":") for line in text.strip().splitlines())
    return {verb.strip(): tuple(forms.split()) for verb, forms in rows}


_ENGLISH = _table(
    """
    be: am is are was were been being
    bear: bore borne
    become: became become
    begin: began begun beginning
    bid: bid bidding
    blow: blew blown
    break: broke broken
    bring: brought
    build: built
    buy: bought
    catch: caught
    choose: chose chosen
    come: came
    cut: cut cutting
    deal: dealt
    do: does did done
    draw: drew drawn
    drop: dropped dropping
    fall: fell fallen
    fight: fought
    find: found
    forbid: forbade forbidden forbidding
    get: got gotten getting
    give: gave given
    go: goes went gone
    have: has had having
    hit: hit hitting
    hold: held
    keep: kept
    lead: led
    leave: left
    lose: lost
    make: made
    meet: met
    pay: paid
    plan: planned planning
    put: put putting
    quit: quit quits quitting
    rise: rose risen
    run: ran run running
    say: said
    seek: sought
    sell: sold
    send: sent
    set: set setting
    shut: shut shutting
    slap: slapped slapping
    spend: spent
    spin: spun spinning
    split: split splitting
    steal: stole stolen
    step: stepped stepping
    stick: stuck
    stop: stopped stopping
    strike: struck stricken
    swap: swapped swapping
    take: took taken
    tap: tapped tapping
    tell: told
    think: thought
    throw: threw thrown
    trap: trapped trapping
    trip: tripped tripping
    wed: wedded wedding
    win: won winning
    wind: wound
    withdraw: withdrew withdrawn
    write: wrote written
    axe: axes axed axing
    commit: committed committing
    defer: deferred deferring
    scrap: scrapped scrapping
    skim: skimmed skimming
    snap: snapped snapping
    admit: admitted admitting
    ban: banned banning
    bar: barred barring
    dump: dumped dumping
    grab: grabbed grabbing
    leak: leaked leaking
    nab: nabbed nabbing
    patch: patches patched
    rob: robbed robbing
    sign: signed signing
    submit: submitted submitting
    sue: sues sued suing
    swipe: swiped swiping
    """
)


def _english(verb: str) -> list[str]:
    forms = [verb]
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        forms.append(f"{verb}es")
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        forms.append(f"{verb[:-1]}ies")
    else:
        forms.append(f"{verb}s")
    irregular = _ENGLISH.get(verb, ())
    forms += irregular
    if verb.endswith("ee"):
        forms.append(f"{verb}ing")
    elif verb.endswith("ie"):
        forms.append(f"{verb[:-2]}ying")
    elif verb.endswith("e"):
        forms.append(f"{verb[:-1]}ing")
    else:
        forms.append(f"{verb}ing")
    if not irregular:
        if verb.endswith("e"):
            forms.append(f"{verb}d")
        elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
            forms.append(f"{verb[:-1]}ied")
        else:
            forms.append(f"{verb}ed")
    return forms


# Past tense, participle and a changed present stem of strong verbs.
_GERMAN = _table(
    """
    abbrechen: bricht brach abgebrochen
    angreifen: griff angegriffen
    anfallen: fiel angefallen
    aufgeben: gibt gab aufgegeben
    ausfallen: fällt fiel fielen ausgefallen
    beitreten: tritt trat beigetreten
    beginnen: begann begonnen
    brechen: bricht brach gebrochen
    dringen: drang drangen gedrungen
    eindringen: drang drangen eingedrungen
    entlassen: entlässt entließ entließen
    erhalten: erhält erhielt erhielten
    erleiden: erlitt erlitten
    ermitteln: ermittelt ermittelte ermittelten
    finden: fand fanden gefunden
    geben: gibt gab gaben gegeben
    gehen: geht ging gingen gegangen
    gewinnen: gewann gewonnen
    greifen: griff gegriffen
    kaufen: kauft kaufte gekauft
    klagen: klagt klagte klagten geklagt
    kommen: kommt kam kamen gekommen
    lassen: lässt ließ ließen gelassen
    nehmen: nimmt nahm nahmen genommen
    schießen: schoss geschossen
    schließen: schließt schloss schlossen geschlossen
    sinken: sank gesunken
    sprechen: spricht sprach gesprochen
    stehlen: stiehlt stahl stahlen gestohlen
    steigen: stieg gestiegen
    tragen: trägt trug getragen
    treffen: trifft traf trafen getroffen
    treten: tritt trat traten getreten
    unterschreiben: unterschrieb unterschrieben
    verbieten: verbot verboten
    verlassen: verlässt verließ verließen
    verlieren: verlor verloren
    verschwinden: verschwand verschwunden
    werden: wird wurde wurden worden geworden
    wechseln: wechselt wechselte gewechselt
    werfen: wirft warf geworfen
    ziehen: zieht zog zogen gezogen
    übernehmen: übernimmt übernahm übernahmen übernommen
    zurücktreten: tritt trat zurückgetreten
    """
)
_INSEPARABLE = ("be", "emp", "ent", "er", "ge", "miss", "ver", "zer", "über", "unter")


def _german(verb: str) -> list[str]:
    stem = verb[:-2] if verb.endswith("en") else verb[:-1]
    link = "e" if stem.endswith(("d", "t")) else ""
    forms = [verb, f"{stem}e", f"{stem}{link}t", *_GERMAN.get(verb, ())]
    if verb not in _GERMAN:
        forms += [f"{stem}{link}te", f"{stem}{link}ten"]
        prefix = "" if verb.startswith(_INSEPARABLE) or verb.endswith("ieren") else "ge"
        forms.append(f"{prefix}{stem}{link}t")
    return forms


_DUTCH = _table(
    """
    aanvallen: aangevallen viel vielen
    beginnen: begon begonnen
    breken: brak braken gebroken
    doen: doet deed deden gedaan
    gaan: gaat ging gingen gegaan
    geven: geeft gaf gaven gegeven
    houden: hield hielden gehouden
    komen: komt kwam kwamen gekomen
    kopen: koopt kocht kochten gekocht
    krijgen: kreeg kregen gekregen
    lekken: lekt lekte lekten gelekt
    lijden: leed leden geleden
    liggen: ligt lag lagen gelegen
    nemen: neemt nam namen genomen
    onderzoeken: onderzocht onderzochten
    overnemen: overgenomen neemt nam
    sluiten: sloot sloten gesloten
    stelen: steelt stal stalen gestolen
    staan: staat stond stonden gestaan
    stoppen: stopt stopte stopten gestopt
    treffen: trof troffen getroffen
    treden: treedt trad traden getreden
    verbieden: verbood verboden
    verkopen: verkoopt verkocht verkochten
    verlaten: verlaat verliet verlieten
    verliezen: verloor verloren
    vinden: vond vonden gevonden
    vertrekken: vertrekt vertrok vertrokken
    worden: wordt werd werden geworden
    """
)


def _dutch(verb: str) -> list[str]:
    stem = verb[:-2] if verb.endswith("en") else verb[:-1]
    if len(stem) > 2 and stem[-1] == stem[-2]:
        stem = stem[:-1]
    elif len(stem) > 2 and stem[-2] in _VOWELS and stem[-3] not in _VOWELS and verb.count("e") > 1:
        stem = f"{stem[:-1]}{stem[-2]}{stem[-1]}"  # maken, maakt
    if stem.endswith(("z", "v")):
        stem = stem[:-1] + {"z": "s", "v": "f"}[stem[-1]]
    forms = [verb, stem, f"{stem}t", *_DUTCH.get(verb, ())]
    if verb not in _DUTCH:
        prefix = "" if verb.startswith(("be", "ge", "her", "ont", "ver", "onder", "over")) else "ge"
        for ending in ("t", "d"):
            forms += [f"{stem}{ending}e", f"{stem}{ending}en", f"{prefix}{stem.removesuffix(ending)}{ending}"]
    return forms


def _agreeing(*participles: str) -> list[str]:
    """A Romance participle with its endings for gender and number."""
    found = []
    for each in participles:
        if each.endswith("o"):
            found += [
                each,
                f"{each[:-1]}a",
                f"{each[:-1]}os",
                f"{each[:-1]}as",
                f"{each[:-1]}i",
                f"{each[:-1]}e",
            ]
        else:
            found += [each, f"{each}e", f"{each}s", f"{each}es"]
    return found


# Present and past of the third persons, then the participles.
_FRENCH = _table(
    """
    abattre: abat abattent abattu
    acquérir: acquiert acquièrent acquis
    atteindre: atteint atteignent
    avoir: a ont avait avaient eu aura
    conclure: conclut concluent conclu
    condamner: condamne condamnent condamné
    découvrir: découvre découvrent découvert
    détenir: détient détiennent détenu
    devoir: doit doivent devra devront dû
    entreprendre: entreprend entreprennent entrepris
    être: est sont était étaient été sera
    faire: fait font faisait
    fuir: fuit fuient fui
    interrompre: interrompt interrompent interrompu
    mettre: met mettent mis
    ouvrir: ouvre ouvrent ouvert
    perdre: perd perdent perdu
    permettre: permet permettent permis
    poursuivre: poursuit poursuivent poursuivi
    prendre: prend prennent pris prendra
    quitter: quitte quittent quitté
    racheter: rachète rachètent rachetait racheté rachètera
    reprendre: reprend reprennent repris
    soumettre: soumet soumettent soumis
    subir: subit subissent subi
    suspendre: suspend suspendent suspendu
    vendre: vend vendent vendu
    verser: verse versent versé
    voler: vole volent volé
    """
)


def _french(verb: str) -> list[str]:
    stem = verb[:-2]
    forms = [verb]
    known = _FRENCH.get(verb)
    if known:
        forms += [*known, *_agreeing(known[-1])]
    if verb.endswith("er"):
        participle = f"{stem}é"
        forms += [f"{stem}e", f"{stem}ent", f"{stem}a", f"{stem}ait", f"{verb}a", f"{verb}ont", f"{stem}ant"]
        forms += [participle, f"{participle}e", f"{participle}s", f"{participle}es"]
        if stem.endswith("g"):
            forms += [f"{stem}ea", f"{stem}eait", f"{stem}eant"]
    elif verb.endswith("ir") and not known:
        forms += [f"{stem}it", f"{stem}issent", f"{stem}issait", f"{verb}a", *_agreeing(f"{stem}i")]
    return forms


_SPANISH = _table(
    """
    abrir: abre abren abrió abrieron abierto
    adquirir: adquiere adquieren adquirió adquirieron adquirido
    caer: cae caen cayó cayeron caído
    cerrar: cierra cierran cerró cerraron cerrado
    dar: da dan dio dieron dado
    descubrir: descubre descubren descubrió descubierto
    despedir: despide despiden despidió despedido
    detener: detiene detienen detuvo detenido
    dimitir: dimite dimiten dimitió dimitido
    estar: está están estuvo estado
    haber: ha han hubo habido
    hacer: hace hacen hizo hicieron hecho
    imponer: impone imponen impuso impusieron impuesto
    invertir: invierte invierten invirtió invertirá invertido
    ir: va van fue fueron ido
    obtener: obtiene obtienen obtuvo obtenido
    perder: pierde pierden perdió perdido
    poner: pone ponen puso puesto
    resolver: resuelve resuelven resolvió resuelto
    romper: rompe rompen rompió roto
    ser: es son fue fueron sido
    suspender: suspende suspenden suspendió suspendido
    tener: tiene tienen tuvo tenido
    """
)


def _spanish(verb: str) -> list[str]:
    stem, ending = verb[:-2], verb[-2:]
    forms = [verb, f"{verb}á", f"{verb}án"]
    known = _SPANISH.get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "ar":
        preterite = f"{stem[:-1]}quen" if stem.endswith("c") else stem
        forms += [f"{stem}a", f"{stem}an", f"{stem}ó", f"{stem}aron", f"{stem}aba", f"{stem}ando", preterite]
        return [*forms, *_agreeing(f"{stem}ado")]
    forms += [f"{stem}e", f"{stem}en", f"{stem}ió", f"{stem}ieron", f"{stem}ía", f"{stem}iendo"]
    return [*forms, *_agreeing(f"{stem}ido")]


_ITALIAN = _table(
    """
    acquisire: acquisisce acquisiscono acquisì acquisirà acquisito
    aprire: apre aprono aprì aperto
    assumere: assume assumono assunto
    avere: ha hanno aveva avuto
    chiudere: chiude chiudono chiuse chiuso
    cogliere: coglie colto
    colpire: colpisce colpiscono colpì colpito
    dimettersi: dimette dimettono dimise dimesso
    dismettere: dismette dismettono dismesso
    diffondere: diffonde diffuso
    essere: è sono era erano stato
    esporre: espone espongono esposto
    fare: fa fanno fece fatto
    investire: investe investono investirà investito
    mettere: mette mettono messo
    nominare: nomina nominano nominato
    perdere: perde perdono perso
    prendere: prende prendono preso
    rilevare: rileva rilevano rilevato
    rimuovere: rimuove rimosso
    rompere: rompe rotto
    rubare: ruba rubano rubato
    scoprire: scopre scoprono scoperto
    sospendere: sospende sospendono sospeso
    sottrarre: sottrae sottratto
    subire: subisce subiscono subì subito
    violare: viola violano violato
    """
)


def _italian(verb: str) -> list[str]:
    stem, ending = verb[:-3], verb[-3:]
    forms = [verb]
    known = _ITALIAN.get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "are":
        future = f"{stem}h" if stem.endswith(("c", "g")) else stem
        forms += [f"{stem}a", f"{stem}ano", f"{stem}ò", f"{stem}ava", f"{future}erà", f"{stem}ando"]
        return [*forms, *_agreeing(f"{stem}ato")]
    participle = "uto" if ending == "ere" else "ito"
    forms += [f"{stem}e", f"{stem}ono", f"{stem}isce", f"{stem}iscono", f"{stem}endo", f"{verb[:-1]}à"]
    return [*forms, *_agreeing(f"{stem}{participle}")]


_PORTUGUESE = _table(
    """
    abrir: abre abrem abriu abriram aberto
    adquirir: adquire adquirem adquiriu adquirido
    cair: cai caem caiu caíram caído
    dar: dá dão deu deram dado
    descobrir: descobre descobrem descobriu descoberto
    despedir: despede despediu despedido
    destituir: destitui destituiu destituído
    estar: está estão esteve estado
    fazer: faz fazem fez fizeram feito
    impor: impõe impõem impôs impuseram imposto
    investir: investe investem investiu investido
    ir: vai vão foi foram ido
    pagar: paga pagam pagou pago
    perder: perde perdem perdeu perdido
    pôr: põe põem pôs posto
    sair: sai saem saiu saíram saído
    ser: é são foi foram sido
    ter: tem têm teve tido
    """
)


def _portuguese(verb: str) -> list[str]:
    stem, ending = verb[:-2], verb[-2:]
    forms = [verb, f"{verb}á", f"{verb}ão"]
    known = _PORTUGUESE.get(verb)
    if known:
        return [*forms, *known, *_agreeing(known[-1])]
    if ending == "ar":
        forms += [f"{stem}a", f"{stem}am", f"{stem}ou", f"{stem}aram", f"{stem}ava", f"{stem}ando"]
        return [*forms, *_agreeing(f"{stem}ado")]
    forms += [f"{stem}e", f"{stem}em", f"{stem}eu", f"{stem}iu", f"{stem}eram", f"{stem}iram", f"{stem}ia"]
    return [*forms, *_agreeing(f"{stem}ido")]


_RULES: dict[str, Callable[[str], list[str]]] = {
    "en": _english,
    "de": _german,
    "fr": _french,
    "es": _spanish,
    "it": _italian,
    "nl": _dutch,
    "pt": _portuguese,
}

LANGUAGES = tuple(_RULES)
"""Languages whose verbs can be inflected."""


def inflect(verb: str, language: str) -> tuple[str, ...]:
    """The forms of a verb in lower case, the basic one first, each once. KeyError for an unknown language."""
    return tuple(dict.fromkeys(_RULES[language](verb.lower())))
