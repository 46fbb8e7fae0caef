"""Texts of the code pages of Windows, with the dashes, quotation marks and dots that only these have."""

import pytest

from tasks.captions.encodings import decode

SAID = {
    "Greek": (
        "cp1253",
        "Δεν ξέρω… τι έγινε.",
        "Ευχαριστώ…",
        "Είπε “ναι” και έφυγε.",
        "Ο Νίκος – ο αδελφός μου – ήρθε χθες.",
        "Θα σε περιμένω στο σπίτι…",
        "‘Καλημέρα’, είπε η μαμά.",
        "Περίμενε… άκουσες κάτι;",
        "Όχι, δεν το πιστεύω…",
    ),
    "Hebrew": (
        "cp1255",
        "אני לא יודע… מה קרה.",
        "תודה…",
        "הוא אמר “כן” והלך.",
        "דני – אח שלי – בא אתמול.",
        "אני אחכה לך בבית…",
        "‘בוקר טוב’, אמרה אמא.",
        "חכה… שמעת משהו?",
        "לא, אני לא מאמין…",
    ),
    "Romanian": (
        "cp1250",
        "Nu ştiu… ce s-a întâmplat.",
        "Mulţumesc…",
        "A spus „da” şi a plecat.",
        "Ion – fratele meu – a venit ieri.",
        "Te aştept acasă…",
        "‘Bună dimineaţa’, a spus mama.",
        "Stai… ai auzit ceva?",
        "Nu, nu-mi vine să cred…",
    ),
    "Hungarian": (
        "cp1250",
        "Nem tudom… mi történt.",
        "Köszönöm…",
        "Azt mondta: „igen”, és elment.",
        "János – a bátyám – tegnap jött.",
        "Otthon várlak…",
        "‘Jó reggelt’, mondta anya.",
        "Várj… hallottál valamit?",
        "Nem, ezt nem hiszem el… őrült vagy!",
    ),
    "Turkish": (
        "cp1254",
        "Bilmiyorum… ne oldu.",
        "Teşekkür ederim…",
        "“Evet” dedi ve gitti.",
        "Ağabeyim – Ahmet – dün geldi.",
        "Seni evde bekleyeceğim…",
        "‘Günaydın’ dedi annem.",
        "Dur… bir şey duydun mu?",
        "Hayır, inanmıyorum…",
    ),
    "Polish": (
        "cp1250",
        "Nie wiem… co się stało.",
        "Dziękuję…",
        "Powiedział „tak” i wyszedł.",
        "Jan – mój brat – przyjechał wczoraj.",
        "Będę czekać w domu…",
        "‘Dzień dobry’, powiedziała mama.",
        "Czekaj… słyszałeś coś?",
        "Nie, nie wierzę… źle się czuję.",
    ),
    "Czech": (
        "cp1250",
        "Nevím… co se stalo.",
        "Děkuju…",
        "Řekl „ano“ a odešel.",
        "Honza – můj bratr – přijel včera.",
        "Budu čekat doma…",
        "‚Dobré ráno‘, řekla máma.",
        "Počkej… slyšel jsi něco?",
        "Ne, tomu nevěřím…",
    ),
    "Slovak": (
        "cp1250",
        "Neviem… čo sa stalo.",
        "Ďakujem…",
        "Povedal „áno“ a odišiel.",
        "Jano – môj brat – prišiel včera.",
        "Budem čakať doma…",
        "Počkaj… počul si niečo?",
        "Poď sem hneď!",
        "Šťastnú cestu.",
    ),
    "Croatian": (
        "cp1250",
        "Ne znam… što se dogodilo.",
        "Hvala…",
        "Rekao je „da” i otišao.",
        "Ivan – moj brat – došao je jučer.",
        "Čekat ću te kod kuće…",
        "Čekaj… jesi li čuo nešto?",
        "Dođi ovamo odmah!",
    ),
    "Slovenian": (
        "cp1250",
        "Ne vem… kaj se je zgodilo.",
        "Hvala…",
        "Rekel je „da“ in odšel.",
        "Janez – moj brat – je prišel včeraj.",
        "Čakal te bom doma…",
        "Počakaj… si kaj slišal?",
        "Pridi sem takoj!",
    ),
    "Russian": (
        "cp1251",
        "Я не знаю… что случилось.",
        "Спасибо…",
        "Он сказал «да» и ушёл.",
        "Коля – мой брат – приехал вчера.",
        "Я буду ждать дома…",
        "“Доброе утро”, — сказала мама.",
        "Подожди… ты что-то слышал?",
        "Нет, не верю…",
    ),
    "Ukrainian": (
        "cp1251",
        "Я не знаю… що сталося.",
        "Дякую…",
        "Він сказав «так» і пішов.",
        "Їхній брат – Іван – приїхав учора.",
        "Я чекатиму вдома…",
        "“Доброго ранку”, — сказала мама.",
        "Зачекай… ти щось чув?",
        "Ні, не вірю… є ще час.",
    ),
    "Bulgarian": (
        "cp1251",
        "Не знам… какво стана.",
        "Благодаря…",
        "Той каза „да“ и си тръгна.",
        "Иван – брат ми – дойде вчера.",
        "Ще те чакам вкъщи…",
        "Чакай… чу ли нещо?",
        "Ела тук веднага!",
    ),
    "Arabic": (
        "cp1256",
        "لا أعرف… ماذا حدث.",
        "شكرا…",
        "قال “نعم” ثم ذهب.",
        "أحمد – أخي – جاء أمس.",
        "سأنتظرك في البيت…",
        "‘صباح الخير’، قالت أمي.",
        "انتظر… هل سمعت شيئا؟",
        "لا، لا أصدق…",
    ),
    "Italian": (
        "cp1252",
        "L’amico è qui.",
        "Grazie…",
        "Ha detto “sì” e se n’è andato.",
        "Mio fratello – Gianni – è arrivato ieri.",
        "Ti aspetto a casa…",
        "Perché non me l’hai detto?",
        "Aspetta… hai sentito qualcosa?",
        "No, non ci credo… così è la vita.",
    ),
    "French": (
        "cp1252",
        "Je ne sais pas… ce qui s’est passé.",
        "Merci…",
        "Il a dit “oui” et il est parti.",
        "Mon frère – Jean – est arrivé hier.",
        "Je t’attends à la maison…",
        "« Bonjour », a dit maman.",
        "Attends… tu as entendu ?",
        "Non, je n’y crois pas… c’est ma sœur.",
    ),
    "Spanish": (
        "cp1252",
        "No sé… qué pasó.",
        "Gracias…",
        "Dijo “sí” y se fue.",
        "Mi hermano – Juan – llegó ayer.",
        "Te espero en casa…",
        "‘Buenos días’, dijo mamá.",
        "Espera… ¿oíste algo?",
        "No, no lo creo… mañana.",
    ),
    "Portuguese": (
        "cp1252",
        "Não sei… o que aconteceu.",
        "Obrigado…",
        "Ele disse “sim” e foi embora.",
        "Meu irmão – João – chegou ontem.",
        "Espero você em casa…",
        "‘Bom dia’, disse a mãe.",
        "Espera… ouviu alguma coisa?",
        "Não, não acredito… amanhã à noite.",
    ),
    "Swedish": (
        "cp1252",
        "Jag vet inte… vad som hände.",
        "Tack…",
        "Han sa ”ja” och gick.",
        "Min bror – Åke – kom igår.",
        "Jag väntar hemma…",
        "‘God morgon’, sa mamma.",
        "Vänta… hörde du något?",
        "Nej, det tror jag inte på…",
    ),
    "German": (
        "cp1252",
        "Ich weiß nicht… was passiert ist.",
        "Danke…",
        "Er sagte „ja“ und ging.",
        "Mein Bruder – Jürgen – kam gestern.",
        "Ich warte zu Hause auf dich…",
        "‚Guten Morgen‘, sagte Mama.",
        "Warte… hast du was gehört?",
        "Nein, das glaube ich nicht… natürlich schön.",
    ),
    "Danish": (
        "cp1252",
        "Jeg ved ikke… hvad der skete.",
        "Tak…",
        "Han sagde “ja” og gik.",
        "Min bror – Søren – kom i går.",
        "Jeg venter på dig derhjemme…",
        "Vent… hørte du noget?",
        "Kom her med det samme!",
    ),
    "Finnish": (
        "cp1252",
        "En tiedä… mitä tapahtui.",
        "Kiitos…",
        "Hän sanoi ”kyllä” ja lähti.",
        "Veljeni – Jyrki – tuli eilen.",
        "Odotan sinua kotona…",
        "Odota… kuulitko jotain?",
        "Tule tänne heti!",
    ),
    "Dutch": (
        "cp1252",
        "Ik weet niet… wat er gebeurd is.",
        "Dank je…",
        "Hij zei “ja” en ging weg.",
        "Mijn broer – René – kwam gisteren.",
        "Ik wacht thuis op je…",
        "Wacht… hoorde je iets?",
        "Kom hier, één keer!",
    ),
    "Icelandic": (
        "cp1252",
        "Ég veit það ekki… hvað gerðist.",
        "Takk…",
        "Hann sagði „já“ og fór.",
        "Bróðir minn – Jón – kom í gær.",
        "Ég bíð eftir þér heima…",
        "Bíddu… heyrðirðu eitthvað?",
        "Komdu hingað strax!",
    ),
    "Lithuanian": (
        "cp1257",
        "Nežinau… kas atsitiko.",
        "Ačiū…",
        "Jis pasakė „taip“ ir išėjo.",
        "Mano brolis – Jonas – atvyko vakar.",
        "Lauksiu tavęs namuose…",
        "Palauk… ar girdėjai ką nors?",
        "Ateik čia tuojau pat!",
    ),
    "Latvian": (
        "cp1257",
        "Es nezinu… kas notika.",
        "Paldies…",
        "Viņš teica „jā” un aizgāja.",
        "Mans brālis – Jānis – atbrauca vakar.",
        "Es gaidīšu tevi mājās…",
        "Pagaidi… vai dzirdēji kaut ko?",
        "Nāc šurp tūlīt!",
    ),
    "Estonian": (
        "cp1257",
        "Ma ei tea… mis juhtus.",
        "Aitäh…",
        "Ta ütles „jah” ja läks ära.",
        "Mu vend – Jüri – tuli eile.",
        "Ma ootan sind kodus…",
        "Oota… kas sa kuulsid midagi?",
        "Tule kohe siia!",
    ),
}
"""Language → its code page, and what is said in it."""
STANDARD = {
    "cp1250": "iso8859_2",
    "cp1251": "iso8859_5",
    "cp1252": "iso8859_15",
    "cp1253": "iso8859_7",
    "cp1254": "iso8859_9",
    "cp1255": "iso8859_8",
    "cp1256": "iso8859_6",
}
"""What the same letters are in without these marks."""
QUOTED = "“”„«»"
TYPED = str.maketrans(
    {"…": "...", "–": "-", "—": "-", "’": "'", "‘": "'", "‚": "'"} | dict.fromkeys(QUOTED, '"')
)


def srt(lines: tuple[str, ...]) -> str:
    return "".join(
        f"{number + 1}\r\n00:00:{number:02},000 --> 00:00:{number:02},900\r\n{line}\r\n\r\n"
        for number, line in enumerate(lines)
    )


@pytest.mark.parametrize("cues", [3, 5, 8])
@pytest.mark.parametrize("language", SAID)
def test_marks_of_windows_are_kept(language: str, cues: int) -> None:
    page, *said = SAID[language]
    for first in range(len(said)):
        text = srt(tuple((said + said)[first : first + cues]))
        found = decode(text.encode(page))
        assert found.text == text, (found.encoding, found.sure)


@pytest.mark.parametrize("language", [language for language, said in SAID.items() if said[0] in STANDARD])
def test_the_standards_are_read_as_before(language: str) -> None:
    page, *said = SAID[language]
    for first in range(len(said)):
        text = srt(tuple((said + said)[first : first + 5])).translate(TYPED)
        found = decode(text.encode(STANDARD[page]))
        assert found.text == text, (found.encoding, found.sure)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("language", SAID)
def test_a_part_in_a_code_page_at_the_end_of_utf_8_is_read_as_what_it_is(language: str, mark: bytes) -> None:
    page, *said = SAID[language]
    first, last = srt(tuple(said[3:])), srt(tuple(said[:3]))
    found = decode(mark + first.encode() + last.encode(page))
    assert (found.text, found.sure) == (first + last, False)
