import cv2
import numpy as np
import pytest

from tracemark.geometry.features import MOST, extract, match, mirrored, negative, similarities


def agreeing(leak, original, expected):
    """Matched pairs, and the share of them that lie where they should (leak -> original, 2 x 3)."""
    pairs = match(leak, original)
    ours = np.c_[leak.keypoints[pairs[:, 0], :2], np.ones(len(pairs))]
    away = np.linalg.norm(original.keypoints[pairs[:, 1], :2] - ours @ np.asarray(expected).T, axis=1)
    return pairs, (away < 1.5).mean()


def test_keypoints_are_spread_over_the_picture(astronaut):
    features = extract(astronaut, most=400)
    assert len(features) == 400
    assert features.keypoints.dtype == np.float32
    assert features.descriptors.shape == (400, 128)
    assert features.descriptors.dtype == np.uint8
    corners = np.histogram2d(*features.keypoints[:, :2].T, bins=4, range=[[0, 512], [0, 512]])[0]
    assert corners.min() > 5


def test_the_first_of_many_are_the_few(astronaut):
    many, few = extract(astronaut), extract(astronaut, most=200)
    assert len(many) <= MOST
    np.testing.assert_array_equal(many.keypoints[:200], few.keypoints)
    np.testing.assert_array_equal(many.descriptors[:200], few.descriptors)


@pytest.mark.parametrize("luma", [np.full((90, 120), 77, np.uint8), np.zeros((1, 1), np.float32)])
def test_a_flat_picture_has_none(luma):
    assert len(extract(luma)) == 0


def test_bytes_and_floats_give_the_same(coffee):
    np.testing.assert_array_equal(extract(coffee).keypoints, extract(coffee.astype(np.uint8)).keypoints)


def test_large_pictures_are_measured_in_their_own_pixels(coffee):
    large = extract(cv2.resize(coffee, (2400, 1600), interpolation=cv2.INTER_CUBIC))
    # the centre of pixel p is at 4 p + 3/2
    pairs, share = agreeing(extract(coffee), large, [[4, 0, 1.5], [0, 4, 1.5]])
    assert len(pairs) > 100
    assert share > 0.6  # 1.5 pixels of the large one are a third of one


def test_mirrored_features_are_those_of_the_mirror_image(coffee):
    leak = extract(np.ascontiguousarray(coffee[:, ::-1]))
    pairs, share = agreeing(mirrored(leak), extract(coffee), [[-1, 0, coffee.shape[1] - 1], [0, 1, 0]])
    assert len(pairs) > 200
    assert share > 0.9


def test_negative_features_are_those_of_the_negative(coffee):
    pairs, share = agreeing(negative(extract(255 - coffee)), extract(coffee), [[1, 0, 0], [0, 1, 0]])
    assert len(pairs) > 200
    assert share > 0.9


@pytest.mark.parametrize("variant", [mirrored, negative])
def test_variants_are_their_own_inverse(variant, coffee):
    features = extract(coffee)
    twice = variant(variant(features))
    np.testing.assert_array_equal(twice.descriptors, features.descriptors)
    assert twice.hand == features.hand


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("degrees", [0, 33, 200])
def test_each_pair_tells_scale_turn_and_shift(coffee, degrees, mirror):
    turn = cv2.getRotationMatrix2D((300, 200), degrees, 0.8)
    if mirror:
        turn = turn @ np.array([[-1, 0, 599], [0, 1, 0], [0, 0, 1]])
    leak = extract(cv2.warpAffine(coffee, turn, (600, 400)))
    leak = mirrored(leak) if mirror else leak
    original = extract(coffee)
    told = similarities(leak, original, match(leak, original))
    expected = cv2.invertAffineTransform(turn)
    np.testing.assert_allclose(np.median(told[:, :, :2], axis=0), expected[:, :2], atol=0.03)
    np.testing.assert_allclose(np.median(told[:, :, 2], axis=0), expected[:, 2], atol=8)


def test_nothing_matches_nothing(coffee):
    none = extract(np.zeros((50, 50), np.float32))
    assert match(none, extract(coffee)).shape == (0, 2)
    assert match(extract(coffee), none).shape == (0, 2)
