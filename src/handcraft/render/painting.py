# SPDX-License-Identifier: Apache-2.0
"""Warp functions that say what the hand is covered with at a point of the template: skin with its details, or cloth.

Everything is painted by position in the template, so it stays on the skin in every pose. Slopes are gradients of a
height over the surface in the template's frame; the colour pass turns them into the camera's.
"""

import warp as wp

wp.set_module_options({"enable_backward": False})


@wp.struct
class SkinOfFrame:
    """What the skin of one frame is like; see ``scene.skin.Skin`` for the meaning of each number."""

    tone: wp.vec3
    palm_tone: wp.vec3
    nail_tone: wp.vec3
    hair_tone: wp.vec3
    mottling: float
    crease: float
    bump: float
    gloss: float
    sharpness: float
    nail: float
    lunula: float
    vein: float
    hair: float
    freckles: float
    spots: float
    blood: float


@wp.struct
class WearOfFrame:
    """What is worn in one frame; see ``scene.wear.Wear``."""

    ring_tone: wp.vec3
    watch_tone: wp.vec3
    dial_tone: wp.vec3
    sleeve_tone: wp.vec3
    stripe_tone: wp.vec3
    glove_tone: wp.vec3
    ring_finger: float
    ring_width_m: float
    watch: float
    dial: float
    watch_place_m: float
    watch_width_m: float
    sleeve: float
    sleeve_edge_m: float
    stripes_per_m: float
    glove: float
    glove_edge_m: float


@wp.struct
class Template:
    """Where things are on the template, in hand frame."""

    rest: wp.array(dtype=wp.vec3)
    normals: wp.array(dtype=wp.vec3)
    faces: wp.array(dtype=wp.vec3i)
    face_hinges: wp.array(dtype=int)
    face_fingers: wp.array(dtype=int)
    hinges: wp.array(dtype=wp.vec3)
    hinge_axes: wp.array(dtype=wp.vec3)
    nail_heads: wp.array(dtype=wp.vec3)
    nail_frames: wp.array(dtype=wp.mat33)
    nail_lengths: wp.array(dtype=float)
    ring_places: wp.array(dtype=wp.vec3)
    ring_axes: wp.array(dtype=wp.vec3)
    veins: wp.array(dtype=wp.vec4)


@wp.struct
class Surface:
    """What light meets."""

    albedo: wp.vec3
    gloss: float
    sharpness: float
    slope: wp.vec3


@wp.func
def gaussian(distance: float, width: float) -> float:
    """A bell of height 1."""
    ratio = distance / width
    return wp.exp(-ratio * ratio)


@wp.func
def noise_slope(state: wp.uint32, point: wp.vec3) -> wp.vec3:
    """A random slope, smooth over a unit of ``point``."""
    return wp.vec3(
        wp.noise(state, point + wp.vec3(7.0, 0.0, 0.0)),
        wp.noise(state, point + wp.vec3(0.0, 7.0, 0.0)),
        wp.noise(state, point + wp.vec3(0.0, 0.0, 7.0)),
    )


@wp.func
def joint_creases(along: float, palmar: float) -> float:
    """Darkness of the lines across a finger joint: three folds on the palm, a field of finer ones on the back."""
    folds = gaussian(along, 0.0006) + 0.5 * gaussian(along - 0.0028, 0.0005) + 0.5 * gaussian(along + 0.0025, 0.0005)
    wrinkles = gaussian(along, 0.0045) * (0.35 + 0.35 * wp.cos(along * 3700.0))
    return wp.lerp(wrinkles, wp.min(folds, 1.0), palmar)


@wp.func
def palm_lines(point: wp.vec3) -> float:
    """Darkness of the palm's three long lines: heart, head and life (parabolas in the palm's plane, by eye)."""
    y, z = point[1], point[2]
    heart = y - (0.088 - 6.0 * (z - 0.018) * (z - 0.018))
    head = y - (0.074 - 3.5 * (z - 0.022) * (z - 0.022))
    life = z - (0.004 + 7.0 * (y - 0.045) * (y - 0.045))
    within = gaussian(wp.max(wp.abs(z + 0.008) - 0.022, 0.0), 0.008)
    along = gaussian(wp.max(wp.abs(y - 0.045) - 0.025, 0.0), 0.006)
    return wp.min((gaussian(heart, 0.0008) + gaussian(head, 0.0008)) * within + gaussian(life, 0.0009) * along, 1.0)


@wp.func
def nail_place(point: wp.vec3, head: wp.vec3, frame: wp.mat33, length: float) -> wp.vec3:
    """Where a point lies on its finger's nail: along (-1 at the root, 1 at the free edge), across, and how far out.

    The third number is 1 at the rim of the ellipse on the back of the distal segment, less inside; Anny's bones have z
    towards the palm.
    """
    local = wp.transpose(frame) * (point - head)
    along = (local[1] / length - 0.72) / 0.24
    across = local[0] / (0.24 * length)
    if local[2] > 0.0:
        return wp.vec3(along, across, 9.0)
    return wp.vec3(along, across, wp.abs(along * along * along) + wp.abs(across * across * across))


@wp.func
def with_nail(bare: Surface, look: SkinOfFrame, place: wp.vec3, back: float) -> Surface:
    """The nail with its pale moon at the root, its white free edge and the shadow of the fold around it."""
    inside = look.nail * back * wp.clamp((1.0 - place[2]) * 6.0, 0.0, 1.0)
    root = place[0] + 1.05
    moon = look.lunula * wp.clamp((1.0 - (root * root / 0.2 + place[1] * place[1] / 0.42)) * 4.0, 0.0, 1.0)
    edge = wp.smoothstep(0.6, 0.75, place[0] + 0.25 * place[1] * place[1]) * look.lunula
    tone = wp.lerp(look.nail_tone, wp.vec3(0.78, 0.66, 0.6), 0.45 * moon)
    tone = wp.lerp(tone, wp.vec3(0.66, 0.62, 0.54), 0.6 * edge)
    fold = look.nail * back * gaussian(place[2] - 1.05, 0.22)
    nailed = Surface()
    nailed.albedo = wp.lerp(bare.albedo * (1.0 - 0.35 * fold), tone, inside)
    nailed.gloss = wp.lerp(bare.gloss, 0.35, inside)
    nailed.sharpness = wp.lerp(bare.sharpness, 40.0, inside)
    nailed.slope = bare.slope * (1.0 - inside)
    return nailed


@wp.func
def vein_offset(point: wp.vec3, veins: wp.array(dtype=wp.vec4), shift: wp.vec2) -> wp.vec2:
    """The vector in the plane (y, z) from the nearest vein, whose course ``shift`` bends."""
    at = wp.vec2(point[1], point[2]) + shift
    nearest = wp.vec2(1.0, 0.0)
    for vein in range(veins.shape[0]):
        ends = veins[vein]
        start = wp.vec2(ends[0], ends[1])
        way = wp.vec2(ends[2], ends[3]) - start
        share = wp.clamp(wp.dot(at - start, way) / wp.dot(way, way), 0.0, 1.0)
        offset = at - start - share * way
        if wp.length_sq(offset) < wp.length_sq(nearest):
            nearest = offset
    return nearest


@wp.func
def hair_density(point: wp.vec3, finger: int, ring_place: wp.vec3, ring_axis: wp.vec3) -> float:
    """Where hair grows on the back: between knuckle and first joint, on the little finger's side, on the forearm."""
    if finger >= 0:
        return 0.8 * gaussian(wp.dot(point - ring_place, ring_axis), 0.007)
    return wp.max(wp.smoothstep(0.03, -0.03, point[1]), 0.45 * wp.smoothstep(0.0, -0.035, point[2]))


@wp.func
def with_blood(look: SkinOfFrame, from_joint_m: float) -> wp.vec3:
    """The back's tone with the blood under it, which takes away blue and green; over joints skin is thin.

    How much: light tones come out like photographed backs, 1.5 to 1.75 times as much red as green, 0.5 to 0.8 times as
    much blue (medians of the 11k Hands, very fair to medium: 1.5 to 2.0, 0.54 to 0.59).
    """
    share = look.blood * (1.0 + 0.35 * gaussian(from_joint_m, 0.009))
    return wp.cw_mul(look.tone, wp.vec3(1.0 + 0.08 * share, 1.0 - 0.22 * share, 1.0 - 0.34 * share))


@wp.func
def skin_surface(
    look: SkinOfFrame, places: Template, face: int, point: wp.vec3, outward: wp.vec3, state: wp.uint32
) -> Surface:
    """Skin at a point of the template. Palms are paler, backs have hair, veins, freckles and spots."""
    finger = places.face_fingers[face]
    hinge = places.face_hinges[face]
    palmar = wp.smoothstep(-0.25, 0.65, -outward[0])
    back = 1.0 - palmar
    coarse = wp.noise(state, point * 70.0)
    fine = wp.noise(state, point * 420.0)
    from_joint_m = 1.0
    if hinge >= 0:
        from_joint_m = wp.dot(point - places.hinges[hinge], places.hinge_axes[hinge])
    inner = palmar * wp.lerp(0.3, 1.0, wp.smoothstep(-0.03, 0.005, point[1]))  # palms end at the wrist
    albedo = wp.lerp(with_blood(look, from_joint_m), look.palm_tone, inner)
    slope = look.bump * noise_slope(state, point * 900.0)
    if look.mottling > 0.0:
        flush = 1.0 + look.mottling * (coarse + 0.5 * fine)
        grain = 1.0 + 0.25 * look.mottling * wp.noise(state, point * 1500.0)
        albedo = grain * wp.vec3(albedo[0] * (0.6 + 0.4 * flush), albedo[1] * flush, albedo[2] * flush)
    if look.freckles > 0.0:
        freckle = look.freckles * back * wp.smoothstep(0.12, 0.5, fine)
        albedo = wp.cw_mul(albedo, wp.vec3(1.0 - 0.3 * freckle, 1.0 - 0.5 * freckle, 1.0 - 0.6 * freckle))
    if look.spots > 0.0:
        spot = (
            look.spots
            * back
            * wp.smoothstep(0.2, 0.42, wp.noise(state, point * 125.0 + wp.vec3(31.0, 0.0, 0.0)) + 0.1 * fine)
        )
        albedo = wp.cw_mul(albedo, wp.vec3(1.0 - 0.35 * spot, 1.0 - 0.5 * spot, 1.0 - 0.6 * spot))
    if look.vein > 0.0 and finger < 0 and outward[0] > 0.0:
        bend = wp.noise(state, point * 28.0)
        offset = vein_offset(point, places.veins, wp.vec2(0.016 * bend + 0.004 * coarse, 0.005 * coarse - 0.01 * bend))
        raised = look.vein * wp.smoothstep(0.1, 0.6, outward[0]) * wp.clamp(0.65 + 1.6 * coarse - bend, 0.05, 1.0)
        height = raised * gaussian(wp.length(offset), 0.0021)
        albedo = wp.cw_mul(albedo, wp.vec3(1.0 - 0.26 * height, 1.0 - 0.12 * height, 1.0 - 0.05 * height))
        steep = -2.0 * 0.0009 / (0.0021 * 0.0021) * height
        slope += steep * wp.vec3(0.0, offset[0], offset[1])
    if look.crease > 0.0:
        folds = palmar * palm_lines(point)
        if hinge >= 0:
            folds += joint_creases(from_joint_m + 0.0006 * fine, palmar)
        albedo = albedo * (1.0 - look.crease * wp.min(folds, 1.0))
    if look.hair > 0.0 and back > 0.0:
        near = wp.max(finger, 0)
        grows = back * hair_density(point, finger, places.ring_places[near], places.ring_axes[near])
        strand = wp.noise(state, wp.vec3(point[0] * 400.0, point[1] * 150.0, point[2] * 2200.0 + 6.0 * coarse))
        albedo = wp.lerp(albedo, look.hair_tone, 0.75 * look.hair * grows * wp.smoothstep(0.1, 0.45, strand))
    bare = Surface()
    bare.albedo = albedo
    bare.gloss = look.gloss
    bare.sharpness = look.sharpness
    bare.slope = slope
    if look.nail > 0.0 and finger >= 0:
        place = nail_place(point, places.nail_heads[finger], places.nail_frames[finger], places.nail_lengths[finger])
        if place[2] < 2.0:
            return with_nail(bare, look, place, back)
    return bare


@wp.func
def cloth(
    tone: wp.vec3, from_edge_m: float, folds: float, point: wp.vec3, state: wp.uint32, sharpness: float
) -> Surface:
    """Matte cloth with a seam along its edge, a weave and soft folds."""
    seam = gaussian(from_edge_m - 0.006, 0.0012) + 0.8 * gaussian(from_edge_m, 0.0015)
    weave = 1.0 + 0.12 * wp.noise(state, point * 1100.0)
    worn = Surface()
    worn.albedo = tone * (1.0 - 0.4 * wp.min(seam, 1.0)) * weave
    worn.gloss = 0.02
    worn.sharpness = sharpness
    worn.slope = folds * noise_slope(state, point * 55.0) + 0.15 * noise_slope(state, point * 800.0)
    return worn


@wp.func
def with_band(
    bare: Surface, tone: wp.vec3, along: float, width_m: float, steepness: float, gloss: float, axis: wp.vec3
) -> Surface:
    """A band around a limb at |along| < width / 2, arched across, over the dark line where it meets the skin."""
    half = 0.5 * width_m
    banded = Surface()
    banded.albedo = bare.albedo * (1.0 - 0.5 * gaussian(wp.max(wp.abs(along) - half, 0.0), 0.0009))
    banded.gloss = bare.gloss
    banded.sharpness = bare.sharpness
    banded.slope = bare.slope
    if wp.abs(along) < half:
        banded.albedo = tone
        banded.gloss = gloss
        banded.sharpness = 24.0
        banded.slope = (-steepness * along / half) * axis
    return banded


@wp.func
def with_dial(bare: Surface, wear: WearOfFrame, point: wp.vec3) -> Surface:
    """A watch's round dial in its bezel, on the back of the wrist."""
    y, z = point[1] - wear.watch_place_m, point[2]
    radius = wp.sqrt(y * y + z * z)
    if radius > 0.0175:
        return bare
    dial = Surface()
    dial.albedo = wp.where(radius > 0.0145, wear.watch_tone * 0.6, wear.dial_tone)
    hands = wp.min(wp.abs(y) + wp.max(-z, 0.0), wp.abs(z) + wp.max(-y, 0.0))
    if radius < 0.0115 and hands < 0.0009:
        dial.albedo = wp.vec3(0.5, 0.5, 0.5) - 0.45 * wear.dial_tone
    dial.gloss = 0.45
    dial.sharpness = 40.0
    dial.slope = wp.vec3(0.0, 0.0, 0.0)
    return dial


@wp.func
def surface_at(
    look: SkinOfFrame,
    wear: WearOfFrame,
    places: Template,
    face: int,
    point: wp.vec3,
    outward: wp.vec3,
    state: wp.uint32,
) -> Surface:
    """What covers the hand at a point of the template: sleeve over glove over rings and watch over skin."""
    edge = wear.sleeve_edge_m + 0.002 * wp.sin(90.0 * point[2] + 50.0 * point[0])
    if wear.sleeve > 0.5 and point[1] < edge:
        stripe = wp.smoothstep(0.4, 0.6, wp.sin(6.2832 * wear.stripes_per_m * point[1]))
        tone = wp.lerp(wear.sleeve_tone, wear.stripe_tone, stripe)
        return cloth(tone, edge - point[1], 0.45, point, state, 6.0)
    if wear.glove > 0.5 and point[1] > wear.glove_edge_m:
        return cloth(wear.glove_tone, point[1] - wear.glove_edge_m, 0.25, point, state, 10.0)
    bare = skin_surface(look, places, face, point, outward, state)
    finger = places.face_fingers[face]
    if finger >= 0 and wear.ring_width_m > 0.0 and finger == int(wear.ring_finger):
        along = wp.dot(point - places.ring_places[finger], places.ring_axes[finger])
        if wp.abs(along) < 0.01:
            return with_band(bare, wear.ring_tone, along, wear.ring_width_m, 0.7, 0.8, places.ring_axes[finger])
    if wear.watch > 0.5 and wp.abs(point[1] - wear.watch_place_m) < 0.02:
        along = point[1] - wear.watch_place_m
        banded = with_band(bare, wear.watch_tone, along, wear.watch_width_m, 0.4, 0.12, wp.vec3(0.0, 1.0, 0.0))
        if wear.dial > 0.5 and outward[0] > 0.0:
            return with_dial(banded, wear, point)
        return banded
    return bare
