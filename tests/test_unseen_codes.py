"""What the proof starts from: nobody's code is looked at before soft symbols are there, and all lookups count."""

import numpy as np
import pytest

import tracemark as tm
import tracemark.accusing
import tracemark.blind
import tracemark.detection
import tracemark.laying
from tests.damage import jpeg
from tracemark.accusing import Accusation
from tracemark.blind import LOOKUPS
from tracemark.codes.word import log10_accident, recipient_of, word_of

KEY = tm.Key(bytes(range(32)))
RECIPIENT = 17
LISTED = range(40)


@pytest.fixture(scope="module")
def photo(demo_photo):
    return np.ascontiguousarray(tm.read_photo(demo_photo).pixels[400:1120, 600:1500])


@pytest.fixture(scope="module")
def copy(photo):
    return tm.embed(photo, recipient=RECIPIENT, key=KEY)


@pytest.mark.parametrize("laid", ["by keypoints", "by grain", "by its mark"])
def test_a_leak_is_laid_and_made_soft_symbols_without_anybodys_code(laid, copy, photo, monkeypatch):
    drawn, told, laid_so = set(), [], []
    real_lay = tracemark.detection.lay

    def watch(real):
        def watched(key, label, *context, **options):
            drawn.add(label)
            return real(key, label, *context, **options)

        return watched

    def refuse(*_, **__):
        raise AssertionError("a word was looked at")

    def watch_laying(*given, **options):
        laid_so.extend(real_lay(*given, **options))
        return tuple(laid_so)

    def accuse(residues, candidates, key, *, attempts):
        told.extend(bool(one) for residue in residues for one in (residue, *(other() for other in residue.others)))
        return Accusation(trials=len(candidates))

    for name in ("signs", "integers", "stream"):
        monkeypatch.setattr(tm.Key, name, watch(getattr(tm.Key, name)))
    for name in ("permute", "unpermute"):
        monkeypatch.setattr(tm.Key, name, refuse)
    monkeypatch.setattr(tracemark.detection, "lay", watch_laying)
    monkeypatch.setattr(tracemark.detection, "_accuse", accuse)
    monkeypatch.setattr(tracemark.detection, "message_beside", lambda luma, residue, *, key: None)
    monkeypatch.setattr(tracemark.laying, "SURE", 0.0 if laid == "by keypoints" else np.inf)
    monkeypatch.setattr(tracemark.detection, "_read_both_ways", lambda leak, found, *_: found)
    leak = {
        "by keypoints": copy,
        "by grain": jpeg(copy[200:330, 300:460], 60),
        "by its mark": jpeg(np.clip(copy[200:500, 300:700].astype(int) - photo[200:500, 300:700] + 128, 0, 255), 90),
    }[laid].astype(np.uint8)
    tm.detect(leak, key=KEY, original=photo, recipients=LISTED)
    assert [one.by_grain for one in laid_so] == [laid != "by keypoints"]
    assert drawn
    assert "fingerprint" not in drawn
    assert told
    assert all(told)


@pytest.mark.usefixtures("quick_searches_alone")
def test_without_a_list_both_ways_together_look_up_no_more_words_than_a_name_allows(copy, photo, monkeypatch):
    looked_up = {tracemark.accusing: [], tracemark.blind: []}
    for room, words in looked_up.items():
        monkeypatch.setattr(room, "recipient_of", lambda key, word, words=words: words.append(word))
    monkeypatch.setattr(tracemark.laying, "SURE", np.inf)
    leak = jpeg(copy[:480, :600], 75)  # small, as reading in vain takes long
    assert tm.detect(leak, key=KEY, original=photo).recipients == ()
    informed, blind = looked_up.values()
    assert word_of(KEY, RECIPIENT) in informed
    assert word_of(KEY, RECIPIENT) in blind
    assert len(set(informed)) == len(informed) <= LOOKUPS // 2
    monkeypatch.setattr(tracemark.blind, "recipient_of", recipient_of)
    found = tm.detect(leak, key=KEY, original=photo)
    assert found.recipients == (RECIPIENT,)
    assert found.log10_false_alarm == log10_accident(2 * found.trials)
