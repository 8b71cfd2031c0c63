"""Patterns: those that come along, random ones, noise, files; and what is refused."""

import numpy as np
import pytest
from PIL import Image

import neurosim as ns


def test_letters_and_digits_are_readable_pixels():
    letters, digits = ns.letters(), ns.digits()
    assert "".join(letters) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert "".join(digits) == "0123456789"
    assert {pattern.shape for pattern in letters.values()} == {(10, 10)}
    assert {pattern.shape for pattern in digits.values()} == {(12, 10)}
    together = np.stack([*letters.values()]).reshape(26, -1)
    assert len(np.unique(together, axis=0)) == 26
    assert set(np.unique(together)) == {-1, 1}
    # seen by eye, and by what is true of the shapes: H, I, O and X are (nearly) their own mirror images, F is not
    for name, same in {"H": True, "I": True, "O": True, "X": True, "F": False}.items():
        assert (letters[name] == letters[name][:, ::-1]).all() == same


@pytest.mark.parametrize(
    ("which", "expected"),
    [("A-C", "ABC"), ("ACE", "ACE"), ("x-z, a", "XYZA"), ("AAB", "AB"), ("Q", "Q")],
)
def test_choosing_letters(which, expected):
    assert "".join(ns.letters(which)) == expected


@pytest.mark.parametrize("which", ["", "1", "A-", "Z-A", "É", 3, None, "A-9"])
def test_unknown_letters(which):
    with pytest.raises(ns.InputError, match="legal are A to Z"):
        ns.letters(which)


@pytest.mark.parametrize("fraction", [0, 0.12, 0.5, 0.333, 1])
def test_flip_flips_exactly_the_fraction(fraction):
    pattern = ns.letters()["K"]
    spoiled = ns.flip(pattern, fraction, seed=3)
    assert np.count_nonzero(spoiled != pattern) == round(100 * fraction)
    assert spoiled.shape == pattern.shape
    np.testing.assert_array_equal(spoiled, ns.flip(pattern, fraction, seed=3))


def test_masks_and_occlusion():
    full = np.ones((10, 8), np.int8)
    for part, rows, columns in (
        ("top", np.s_[:5], np.s_[:]),
        ("bottom", np.s_[5:], np.s_[:]),
        ("left", np.s_[:], np.s_[:4]),
        ("right", np.s_[:], np.s_[4:]),
        ("middle", np.s_[2:7], np.s_[2:6]),
    ):
        expected = full.copy()
        expected[rows, columns] = -1
        np.testing.assert_array_equal(ns.mask(full, part), expected)
    covered = ns.occlude(-full, 0.25, seed=1)
    rows, columns = np.nonzero(covered == 1)
    assert rows.size == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) == 20
    np.testing.assert_array_equal(full, 1)  # copies, all of them
    with pytest.raises(ns.InputError, match="did you mean top"):
        ns.mask(full, "Top")


def test_random_patterns_have_the_activity_and_correlation_asked_for():
    """Means within four standard errors."""
    X = ns.random_patterns(50, 4000, activity=0.1, seed=1)
    assert abs((X > 0).mean() - 0.1) < 4 * np.sqrt(0.09 / X.size)
    Y = ns.correlated_patterns(60, 4000, 0.3, seed=1).astype(float)
    overlaps = (Y @ Y.T / 4000)[np.triu_indices(60, 1)]
    # given the parent, pairs are nearly independent: the mean over pairs has a spread of about 2 sqrt(c/(n P))
    assert abs(overlaps.mean() - 0.3) < 4 * 2 * np.sqrt(0.3 / (4000 * 60))
    assert (ns.random_patterns(3, 9, seed=5) == ns.random_patterns(3, 9, seed=5)).all()
    for wrong in ({"activity": 0}, {"activity": 1.5}, {"seed": -1}, {"seed": 0.5}):
        with pytest.raises(ns.InputError):
            ns.random_patterns(2, 9, **wrong)


def test_binary_is_converted_on_request_only():
    bits = np.array([[0, 1, 1], [1, 0, 1]])
    np.testing.assert_array_equal(ns.from_binary(bits), [[-1, 1, 1], [1, -1, 1]])
    np.testing.assert_array_equal(ns.from_binary({"a": bits[0] > 0})["a"], [-1, 1, 1])
    with pytest.raises(ns.InputError, match="from_binary"):
        ns.Hopfield(3).store(bits)
    with pytest.raises(ns.InputError, match="from_binary"):
        ns.Hopfield(3).store(bits > 0)
    with pytest.raises(ns.InputError, match="only 0 and 1"):
        ns.from_binary([0, 2])


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        ({}, "no patterns"),
        ([], "no patterns"),
        (np.zeros((0, 4)), "no patterns"),
        ([[1, -1, 1, 2]], r"the value 2 at \[3\]"),
        ([[1, -1, 1, np.nan]], "every value is -1 or \\+1"),
        ([["a", "b", "c", "d"]], "not an array of -1 and \\+1"),
        ([[1, -1, 1]], "pattern '?0'? has 3 values, but the memory has 4 units"),
        ({"x": [1, 1, 1, 1], "y": [1, 1, 1]}, "pattern 'y' has 3 values"),
        ([[1, 1, 1, 1], [1, 1]], "pattern '1' has 2 values"),
        (3, "patterns are a dict"),
    ],
)
def test_what_is_no_pattern(patterns, message):
    with pytest.raises(ns.InputError, match=message):
        ns.Hopfield(4).store(patterns)


# Files -----------------------------------------------------------------------------------------------------------


def test_text_files(tmp_path):
    path = tmp_path / "shapes.txt"
    path.write_text("[cross]\n.#.\n###\n.#.\n\n[bar]\n...\n###\n...\n")
    shapes = ns.read_patterns(path)
    assert list(shapes) == ["cross", "bar"]
    np.testing.assert_array_equal(shapes["cross"], [[-1, 1, -1], [1, 1, 1], [-1, 1, -1]])
    path.write_text("#.\n.#")
    assert list(ns.read_patterns(path)) == ["shapes"]
    path.write_text("#.\n.#\r\n\n\n##\n##\n")
    assert list(ns.read_patterns(str(path))) == ["shapes-0", "shapes-1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no pattern"),
        ("[a]\n", "no pattern"),
        ("##\n#x\n", "line 2: 'x' is neither # "),
        ("##\n###\n", "line 2: 3 columns, but 2 in the row above"),
        ("[a]\n#\n\n[a]\n#\n", "a second pattern with the name 'a'"),
        (b"\xff\xfe\x00", "not a text"),
        (b"\x89PNG\r\n\x1a\n", "not a text"),
    ],
)
def test_what_is_no_text_of_patterns(tmp_path, text, message):
    path = tmp_path / "p.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ns.InputError, match=message):
        ns.read_patterns(path)
    with pytest.raises(ns.InputError):
        ns.read_patterns(tmp_path)
    with pytest.raises(ns.InputError, match="No such file"):
        ns.read_patterns(tmp_path / "none.txt")


def test_images(tmp_path):
    """A drawn image comes back as it was drawn, in any mode, resized and inverted."""
    letter = ns.letters()["R"]
    grey = np.where(letter > 0, 30, 220).astype(np.uint8)
    for mode in ("L", "RGB", "RGBA", "P", "1"):
        path = tmp_path / f"{mode}.png"
        Image.fromarray(np.kron(grey, np.ones((4, 4), np.uint8))).convert(mode).save(path)
        np.testing.assert_array_equal(ns.read_image(path, (10, 10)), letter)
        assert ns.read_image(path).shape == (40, 40)
    np.testing.assert_array_equal(ns.read_image(path, (10, 10), invert=True), -letter)
    clear = np.zeros((10, 10, 4), np.uint8)  # black, and transparent where there is paper
    clear[..., 3] = np.where(letter > 0, 255, 0)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    np.testing.assert_array_equal(ns.read_image(tmp_path / "clear.png"), letter)


def test_images_that_cannot_be_used(tmp_path):
    Image.new("L", (8, 8), 200).save(tmp_path / "blank.png")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no image")
    whole = tmp_path / "whole.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64), dtype=np.uint8)).save(whole)
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:1500])
    for name, message in {
        "blank": "empty, all pixels are",
        "empty": "not an image",
        "text": "not an image",
        "half": "not an image",
        "none": "not an image",
    }.items():
        with pytest.raises(ns.InputError, match=message):
            ns.read_image(tmp_path / f"{name}.png")
    for wrong in ({"shape": (0, 3)}, {"shape": 5 * (1,)}, {"threshold": 2}, {"threshold": 0}):
        with pytest.raises(ns.InputError):
            ns.read_image(whole, **wrong)


def test_a_huge_image_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.png"
    Image.new("1", (10_000, 10_000)).save(path)
    with pytest.raises(ns.InputError, match="pixels are too many"):
        ns.read_image(path)
