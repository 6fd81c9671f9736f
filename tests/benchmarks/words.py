"""What people write, without people: words drawn with frequencies as in real language, in several scripts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

_ENGLISH = """
the of and to in is for on it you that are with this be at as was not have from we will by your can if or when please
there what how but they all about library water museum council street open bus road school thank hours today week park
permit application opening flood bridge answer question office website ticket parking where
"""
_SYLLABLES = {
    "latin": (
        "ba re si to mu la ne ki do fa ge vi or an el um is ter sta pro con ver ring ße ö ä ü é è ç ñ å ø ł ş",
        26_000,
        0.82,
    ),
    "greek": ("κα τη ρο μι νο στα λε πο θε ση ων ας ού ία ερ", 3_000, 0.06),
    "cyrillic": ("по на ро ста ва ли ко ни то ра до ве ла ть ый ск", 4_000, 0.06),
    "arabic": ("ال مد ين ة كت اب ور سل ام مع نا را", 2_000, 0.03),
    "japanese": ("図 書 館 市 役 所 の は で す 水 道 公 園 開 い て ま", 2_000, 0.03),
}
"""Syllables, how many words are made of them, and what part of all texts is written so."""
_STREAM = 100_000


class Writer:
    """Writes texts, titles and names; the same ones for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.scripts = list(_SYLLABLES)
        self._shares = [share for _, _, share in _SYLLABLES.values()]
        self.vocabularies = {script: self._vocabulary(script) for script in _SYLLABLES}
        self._streams = {script: self._stream(words) for script, words in self.vocabularies.items()}
        self.people = [self._name() for _ in range(20_000)]

    def text(self) -> str:
        """A message: 3 to 150 words, sixteen at the median, in sentences."""
        script = self._random.choices(self.scripts, self._shares)[0]
        count = min(max(int(self._random.lognormvariate(2.8, 0.8)), 3), 150)
        words = list(itertools.islice(self._streams[script], count))
        for end in range(11, count, 12):
            words[end] += "."
        return " ".join(words) + ("?" if count % 3 == 0 else ".")

    def title(self) -> str:
        """Four to nine words."""
        return " ".join(itertools.islice(self._streams["latin"], self._random.randint(4, 9))).capitalize()

    def person(self) -> str:
        """Somebody's name; a few write much more often than the others."""
        return self.people[int(len(self.people) * self._random.random() ** 3)]

    def _vocabulary(self, script: str) -> list[str]:
        """Words, most frequent first: short ones tend to be frequent."""
        sounds, count, _ = _SYLLABLES[script]
        syllables = sounds.split()
        made: dict[str, None] = dict.fromkeys(_ENGLISH.split() if script == "latin" else ())
        while len(made) < count:
            longest = 3 + min(len(made) // 400, 2)
            made.setdefault("".join(self._random.choices(syllables, k=self._random.randint(1, longest))))
        return list(made)

    def _stream(self, words: Sequence[str]) -> Iterator[str]:
        """Words without end, each as often as Zipf's law says for its rank."""
        weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words))))
        while True:
            yield from self._random.choices(words, cum_weights=weights, k=_STREAM)

    def _name(self) -> str:
        return " ".join(w.capitalize() for w in self._random.choices(self.vocabularies["latin"][60:4_000], k=2))
