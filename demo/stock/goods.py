"""Six categories, six suppliers, forty-one products. Prices in yuan, commissions in basis points."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product as combinations

from demo.pictures import Still


@dataclass(frozen=True)
class CategoryData:
    slug: str
    name_en: str
    name_zh: str
    # Share of delivered parcels that come back, in basis points (docs: field figures, scaled down).
    return_bps: int


@dataclass(frozen=True)
class SupplierData:
    code: str
    name: str
    contact: str
    city: str
    street: str


@dataclass(frozen=True)
class Good:
    code: str
    supplier: str
    category: str
    brand: str
    title: str
    price: int
    commission_bps: int
    description: str
    pitch: str
    pitch_zh: str
    still: Still
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dispatch_hours: int = 48

    def variants(self) -> list[dict[str, str]]:
        """Every combination of options; one empty one when there are none."""
        names = list(self.options)
        return [
            dict(zip(names, values, strict=True))
            for values in combinations(*(self.options[name] for name in names))
        ]

    @property
    def price_minor(self) -> int:
        return self.price * 100

    @property
    def supply_price_minor(self) -> int:
        """What is left after commission and seven per cent for the house."""
        return self.price_minor * (10_000 - self.commission_bps - 700) // 10_000


CATEGORIES = [
    CategoryData("home-kitchen", "Home & kitchen", "家居厨房", 800),
    CategoryData("fashion", "Fashion", "服饰", 2800),
    CategoryData("shoes-bags", "Shoes & bags", "鞋靴箱包", 2000),
    CategoryData("beauty", "Beauty", "美妆护肤", 1200),
    CategoryData("sound-digital", "Sound & digital", "影音数码", 1000),
    CategoryData("food-tea", "Food & tea", "食品茶饮", 400),
]

SUPPLIERS = [
    SupplierData(
        "kestrel", "Kestrel & Co. Home", "hello@kestrel.example", "Jingdezhen", "12 Kiln Lane"
    ),
    SupplierData(
        "yunshang", "杭州云裳服饰有限公司", "biz@yunshang.example", "Hangzhou", "九堡大道 88 号"
    ),
    SupplierData(
        "trailhead", "Trailhead Carry", "sales@trailhead.example", "Wenzhou", "301 Cobbler Road"
    ),
    SupplierData(
        "lumira", "Lumira Labs", "care@lumira.example", "Guangzhou", "7 Baiyun Science Park"
    ),
    SupplierData(
        "shenglang", "深圳声浪数码科技", "op@shenglang.example", "Shenzhen", "科技南路 16 号"
    ),
    SupplierData(
        "greenhill",
        "Greenhill Pantry",
        "orders@greenhill.example",
        "Kunming",
        "45 Tea Horse Street",
    ),
]

CLOTHES = ("S", "M", "L", "XL")
SHOES = ("37", "38", "39", "40", "41", "42")

GOODS = [
    # Home & kitchen ------------------------------------------------------------------------------
    Good("mug-dune", "kestrel", "home-kitchen", "Kestrel", "Dune stoneware mug, 350 ml", 69, 1800,
         "Hand-dipped stoneware with a matt foot. Holds heat for forty minutes; safe in dishwasher and microwave.",
         "Feel how thick the wall is: it keeps coffee warm for forty minutes.", "杯壁很厚，咖啡四十分钟都不凉。",
         Still("mug", "#f4efe6", "#3f6c5c", "window", "#e9dccb", "#c89f76"), {"Glaze": ("Moss", "Sand", "Ink")}),
    Good("kettle-arden", "kestrel", "home-kitchen", "Kestrel", "Arden whistling kettle, 2.2 l", 259, 1600,
         "Enamelled steel on an encapsulated base for gas and induction. The beech grip stays cool.",
         "It whistles softly, not like a train, and works on induction.", "电磁炉、燃气都能用，提手不烫。",
         Still("kettle", "#2f5d50", "#b5824a", "room", "#cfdcd6", "#8fa99d")),
    Good("lamp-pleat", "kestrel", "home-kitchen", "Kestrel", "Pleat table lamp, linen and brass", 329, 1900,
         "A pleated linen shade on a brushed brass stem, dimmable in three steps. Bulb included.",
         "Three steps of light: reading, dinner, night.", "三档调光，灯泡也送。",
         Still("lamp", "#f1dcc0", "#b98b4b", "sun", "#3c4257", "#8d6b52"), dispatch_hours=72),
    Good("vase-terra", "kestrel", "home-kitchen", "Kestrel", "Terra bud vase, hand thrown", 119, 2000,
         "Thrown and banded by hand, so no two are equal. The narrow neck holds three stems upright.",
         "Look at the bands: no two are the same.", "每一只都是手工拉坯，纹路都不一样。",
         Still("vase", "#fbf4ea", "#7f9a6a", "arch", "#efd9cd", "#d9a48a"), {"Glaze": ("Chalk", "Clay")}),
    Good("candle-no7", "kestrel", "home-kitchen", "Kestrel", "No. 7 soy candle, cedar & fig", 88, 2200,
         "Soy wax with a cotton wick; burns for forty-five hours and leaves a glass worth keeping.",
         "Forty-five hours of cedar and fig, and you keep the glass.", "雪松无花果香，能点四十五个小时。",
         Still("candle", "#e9d7c4", "#7a4f63", "blocks", "#e6e0ef", "#b9a9cf")),
    Good("pan-ember", "kestrel", "home-kitchen", "Kestrel", "Ember cast-iron casserole, 24 cm", 469, 1400,
         "Enamelled cast iron, 4.2 litres, for the oven up to 260 °C. Drip points under the lid baste by themselves.",
         "One pot for soup, roast and bread. Lid and all into the oven.", "一锅多用，炖汤、烤面包都行。",
         Still("pan", "#c4472f", "#d9b36a", "room", "#f3e3cf", "#d7a56c"), {"Colour": ("Ember", "Forest")}),
    Good("cushion-glen", "kestrel", "home-kitchen", "Kestrel", "Glen checked cushion, 45 × 45 cm", 129, 1900,
         "Brushed cotton in a wool-like check with a hidden zip. The filling is recycled fibre.",
         "Brushed cotton, so it is soft from the first day.", "磨毛棉面料，摸起来特别软。",
         Still("cushion", "#d9c6a5", "#5d7a66", "window", "#e3e6e0", "#b8bfae"), {"Check": ("Glen", "Harbour")}),
    # Fashion -------------------------------------------------------------------------------------
    Good("tee-sunday", "yunshang", "fashion", "Yunshang", "Slow Sunday heavy cotton tee", 99, 2500,
         "240 g combed cotton that keeps its shape, with a bound neck. Cut a little wide in the shoulder.",
         "240 grams of cotton: not see-through, not even the white one.", "二百四十克重磅棉，白色也不透。",
         Still("tee", "#fbf7ef", "#c8553d", "cloth", "#f0e6d8", "#d8b48c"), {"Colour": ("Cream", "Charcoal"), "Size": CLOTHES}),
    Good("hoodie-pier", "yunshang", "fashion", "Yunshang", "North Pier brushed hoodie", 239, 2400,
         "Brushed inside, double-layer hood, ribs that do not roll. Pre-washed, so it does not shrink.",
         "Turn it inside out: that is the softness you feel all winter.", "里面是磨毛的，冬天穿刚刚好。",
         Still("hoodie", "#33475b", "#f0c987", "cloth", "#dfe5ea", "#9db0bf"), {"Size": CLOTHES}),
    Good("dress-petal", "yunshang", "fashion", "Yunshang", "Petal tea dress with belt", 299, 3000,
         "Flowing viscose with a lined bodice and real pockets. The belt is removable.",
         "Yes, it has pockets. Two of them.", "有口袋！而且是两个！",
         Still("dress", "#2f4f6f", "#f3a6a0", "sweep", "#eadfd6", "#d8b48c"), {"Size": ("S", "M", "L")}),
    Good("cap-outside", "yunshang", "fashion", "Yunshang", "Outside six-panel cap", 79, 2600,
         "Washed twill with a curved brim and a metal buckle that fits 54 to 61 cm.",
         "Fits every head in this studio, and we tried.", "可调节，头围大小都能戴。",
         Still("cap", "#3d5a45", "#d98e3f", "blocks", "#e4ead9", "#a8b98a"), {"Colour": ("Forest", "Stone", "Black")}),
    Good("scarf-check", "yunshang", "fashion", "Yunshang", "Highland wool-blend scarf", 159, 2700,
         "Two metres long, half wool, brushed on both sides, with hand-knotted fringe.",
         "Two metres, so it goes round twice.", "两米长，可以绕两圈。",
         Still("scarf", "#a83a32", "#2c3a55", "cloth", "#efe4dc", "#c9a28f"), {"Check": ("Scarlet", "Camel")}),
    Good("socks-harlequin", "yunshang", "fashion", "Yunshang", "Harlequin socks, three pairs", 49, 2800,
         "Combed cotton with hand-linked toes, so there is no seam to feel.",
         "No seam at the toes. You forget that you wear them.", "无缝袜头，穿着没感觉。",
         Still("socks", "#2e6f6b", "#f29e4c", "cloth", "#f6e7c9", "#e7b95e"), {"Size": ("36–39", "40–44")}),
    Good("jeans-mill", "yunshang", "fashion", "Yunshang", "Mill straight jeans, washed blue", 269, 2300,
         "12 oz denim with two per cent stretch and a straight leg to the ankle.",
         "Straight from the knee down, and it gives when you sit.", "直筒不挑腿型，坐下也不勒。",
         Still("jeans", "#3f5f8a", "#d99a4e", "cloth", "#eceff3", "#c5ced8"), {"Waist": ("26", "28", "30", "32", "34")}),
    # Shoes & bags --------------------------------------------------------------------------------
    Good("sneaker-court", "trailhead", "shoes-bags", "Trailhead", "Court 84 leather sneaker", 399, 1800,
         "Full-grain upper, terry lining and a stitched cup sole that can be resoled.",
         "Look at the stitching of the sole: it can be replaced.", "鞋底是缝线的，不会开胶。",
         Still("sneaker", "#f4f4f6", "#e4572e", "room", "#e0e4ef", "#98a3c4"), {"Size": SHOES}),
    Good("runner-tide", "trailhead", "shoes-bags", "Trailhead", "Tide light runner", 329, 1900,
         "Knitted upper on an airy foam sole; 218 grams in size 40.",
         "218 grams. Put it on a scale at home.", "一只才二百多克，特别轻。",
         Still("sneaker", "#2f6f8f", "#ffd166", "sun", "#dff0f2", "#8fc1c9"), {"Size": SHOES}),
    Good("boots-chelsea", "trailhead", "shoes-bags", "Trailhead", "Alder chelsea boots", 569, 1700,
         "Oiled nubuck with a welted sole; waterproof up to the elastic.",
         "Rain, mud, a wedding: these do all three.", "防水油蜡皮，下雨天也能穿。",
         Still("boots", "#7a4a2b", "#2d2420", "room", "#ead9c6", "#b98c5f"), {"Size": SHOES}, 72),
    Good("tote-market", "trailhead", "shoes-bags", "Trailhead", "Market day canvas tote", 89, 2200,
         "16 oz canvas with an inner pocket and handles long enough for the shoulder.",
         "It carries twelve kilos; I stood in it.", "能装十二公斤，很结实。",
         Still("tote", "#f1e7d3", "#4d6b4f", "arch", "#e9eadf", "#b5b894")),
    Good("backpack-ridge", "trailhead", "shoes-bags", "Trailhead", "Ridge 22 day pack", 289, 1900,
         "Recycled ripstop, a padded sleeve for a 15-inch laptop and two side pockets.",
         "A 15-inch laptop and a change of clothes, both at once.", "能放十五寸电脑，还有侧袋。",
         Still("backpack", "#2f5062", "#e09f3e", "blocks", "#d9e2e6", "#8fa8b2"), {"Colour": ("Slate", "Olive")}),
    Good("bag-soiree", "trailhead", "shoes-bags", "Trailhead", "Soirée quilted chain bag", 459, 2100,
         "Quilted vegan leather on a chain that can be doubled. Holds a phone, keys and a book.",
         "Double the chain and it is a handbag; single, over the shoulder.", "链条可以单肩也可以手提。",
         Still("handbag", "#8d2036", "#e0b070", "podium", "#f4d9d6", "#dc9c98"), {"Colour": ("Wine", "Black")}),
    Good("case-cabin", "trailhead", "shoes-bags", "Trailhead", "Cabin case, 20 inch", 519, 1500,
         "Polycarbonate shell on silent double wheels, with a TSA lock and a washable lining.",
         "Listen to the wheels. Exactly: nothing.", "万向静音轮，登机尺寸。",
         Still("suitcase", "#7fb0b5", "#e07a5f", "window", "#dde7ec", "#a7bcc7"), {"Colour": ("Lagoon", "Graphite")}, 72),
    # Beauty --------------------------------------------------------------------------------------
    Good("lip-velvet", "lumira", "beauty", "Lumira", "Velvet matte lipstick", 109, 3000,
         "A matte colour with jojoba oil that does not dry. Lasts through a lunch.",
         "I drank tea with it an hour ago. Look.", "喝完水都不掉色，你们看。",
         Still("lipstick", "#b3173a", "#2a2230", "podium", "#f3c9c9", "#d98e93"), {"Shade": ("Rouge", "Brick", "Rosewood")}, 24),
    Good("serum-nia", "lumira", "beauty", "Lumira", "Niacinamide 10 serum, 30 ml", 139, 2800,
         "Ten per cent niacinamide and zinc in a light gel. No perfume, tested on sensitive skin.",
         "Two drops are enough for the whole face.", "两滴就够全脸，敏感肌也能用。",
         Still("dropper", "#dff0ea", "#3f7a68", "arch", "#dfe9e2", "#a9c3b4"), {}, 24),
    Good("cream-night", "lumira", "beauty", "Lumira", "Overnight cream, 50 ml", 199, 2800,
         "Ceramides and squalane in a rich cream that is gone in a minute.",
         "One minute, then nothing sticks to the pillow.", "一分钟吸收，不粘枕头。",
         Still("jar", "#efe3ff", "#9b82c9", "podium", "#e7ddf2", "#b49fd0"), {}, 24),
    Good("perfume-rosea", "lumira", "beauty", "Lumira", "Rosea eau de parfum, 50 ml", 369, 2600,
         "Rose, white pepper and musk. Opens bright, stays close to the skin.",
         "First pepper, then rose; wait ten minutes for the best part.", "前调胡椒，后面是玫瑰，很高级。",
         Still("perfume", "#ffd9c7", "#c2613f", "sun", "#f8e1d4", "#e2a98a"), {"Size": ("50 ml", "10 ml travel")}, 24),
    Good("sun-daily", "lumira", "beauty", "Lumira", "Daily Sun SPF 50+, 60 ml", 99, 2700,
         "A light fluid with no white cast, under make-up or alone. Two fingers for the face.",
         "No white cast. Watch my hand.", "不假白，看我的手背。",
         Still("tube", "#fff6e2", "#ee8a1f", "podium", "#fdebc8", "#f1b75d"), {}, 24),
    Good("blush-compact", "lumira", "beauty", "Lumira", "Peach compact blush with mirror", 129, 2900,
         "Pressed powder that builds in layers, in a weighty case with a real mirror and brush.",
         "One layer for the day, two for the evening.", "一层日常，两层晚上出门。",
         Still("compact", "#e8a793", "#c9a26b", "room", "#f6d7dc", "#dd9fa9"), {"Shade": ("Peach", "Fig")}, 24),
    # Sound & digital -----------------------------------------------------------------------------
    Good("head-mono", "shenglang", "sound-digital", "Shenglang", "Mono 60 wireless headphones", 599, 1200,
         "Adaptive noise cancelling, sixty hours on a charge, pads you can change in a minute.",
         "Sixty hours. That is a week on the train.", "续航六十小时，一周充一次。",
         Still("headphones", "#2b2f45", "#c46a3f", "podium", "#c9d3e6", "#8595b8"), {"Colour": ("Night", "Oat")}),
    Good("buds-aura", "shenglang", "sound-digital", "Shenglang", "Aura ear buds", 299, 1400,
         "Four grams each, thirty hours with the case, two devices at once.",
         "Four grams each: you forget them in your ears.", "一只才四克，戴着没感觉。",
         Still("earbuds", "#f7f8fb", "#3a4466", "room", "#dfe6f2", "#a9b7d1")),
    Good("speaker-cove", "shenglang", "sound-digital", "Shenglang", "Cove portable speaker", 349, 1500,
         "Waterproof, twelve hours, and two of them pair to stereo.",
         "Drop it into the pool, it floats.", "防水的，掉水里都能响。",
         Still("speaker", "#385a5e", "#e0a458", "blocks", "#f2d8c9", "#d28e6a"), {"Colour": ("Pine", "Coral")}),
    Good("watch-pulse", "shenglang", "sound-digital", "Shenglang", "Pulse 3 fitness watch", 459, 1300,
         "Bright AMOLED screen, ten days of battery, ninety sports and swim-proof.",
         "Ten days on a charge, with the screen you see here.", "十天续航，九十种运动模式。",
         Still("watch", "#b9bdc9", "#27304a", "sweep", "#c8cedd", "#c8cedd"), {"Strap": ("Navy", "Sand")}),
    Good("bank-65", "shenglang", "sound-digital", "Shenglang", "65 W power bank, 20 000 mAh", 229, 1400,
         "Charges a laptop, shows the per cent, and the cable is part of it.",
         "It charges this laptop. Yes, the laptop.", "六十五瓦，笔记本也能充。",
         Still("powerbank", "#24323a", "#3fbf9f", "arch", "#d5dfe0", "#8aa5a6")),
    Good("keys-tactile", "shenglang", "sound-digital", "Shenglang", "Tactile 68 mechanical keyboard", 389, 1300,
         "Hot-swap switches, sound foam, three devices by Bluetooth.",
         "Listen. That is with the foam inside.", "自带消音棉，声音很好听。",
         Still("keyboard", "#d9dde8", "#ff7a59", "cloth", "#dfe3ee", "#b8c1dc"), {"Switch": ("Linear", "Tactile")}),
    Good("case-wave", "shenglang", "sound-digital", "Shenglang", "Wave phone case", 59, 2500,
         "Soft rim, hard back, printed under the surface so that it never rubs off.",
         "The print is under the surface. Scratch it if you like.", "图案在里层，不会磨掉。",
         Still("phone_case", "#5d6fd6", "#ffd36e", "cloth", "#f7d9d0", "#e9a48d"), {"Model": ("15", "15 Pro", "16", "16 Pro")}, 24),
    Good("beam-mini", "shenglang", "sound-digital", "Shenglang", "Beam mini projector", 799, 1100,
         "Full HD with automatic focus and keystone; as loud as a whisper.",
         "Point it anywhere: it straightens the picture itself.", "自动对焦、自动校正，放哪都行。",
         Still("projector", "#f2efe8", "#d1a35c", "room", "#2f3350", "#454b70")),
    # Food & tea ----------------------------------------------------------------------------------
    Good("tea-yunwu", "greenhill", "food-tea", "Greenhill", "Yun Wu green tea, 100 g tin", 128, 1800,
         "Picked before Qingming at 1,200 m, pan-fired the same evening.",
         "Water at eighty degrees, and the third cup is the best.", "明前茶，八十度水冲，第三泡最好喝。",
         Still("tin", "#1f4d3f", "#7fae7a", "window", "#e6e9dc", "#a9a27c")),
    Good("honey-acacia", "greenhill", "food-tea", "Greenhill", "Wild acacia honey, 500 g", 79, 1700,
         "Raw and unblended from one valley; stays liquid for a year.",
         "One valley, one week of blossom, nothing else.", "纯槐花蜜，一个山谷采的。",
         Still("honey", "#e39a1c", "#7a4a21", "arch", "#fbe9c4", "#e8b65a")),
    Good("coffee-night", "greenhill", "food-tea", "Greenhill", "Night Train espresso, 250 g", 85, 1900,
         "Yunnan beans roasted on the day they ship: cocoa, orange peel, no bitterness.",
         "Roasted today, on the train tonight, with you the day after.", "云南豆，当天烘焙当天发。",
         Still("coffee", "#26211f", "#efe3cf", "blocks", "#e9dfd6", "#b79b83"), {"Grind": ("Whole bean", "Espresso")}, 24),
    Good("box-festival", "greenhill", "food-tea", "Greenhill", "Festival gift box, nine treats", 188, 2000,
         "Osmanthus cakes, sesame crisps and candied hawthorn in a box worth giving.",
         "Nine treats, and the card is hand-written if you ask in chat.", "九样点心，送礼很体面。",
         Still("giftbox", "#b3202c", "#e3b64f", "podium", "#f7dcdc", "#d98484")),
    Good("juice-duo", "greenhill", "food-tea", "Greenhill", "Cold-pressed juice, six bottles", 96, 1600,
         "Blood orange and pomegranate, pressed cold, with nothing added.",
         "Nothing added, not even water.", "冷压鲜榨，零添加。",
         Still("juice", "#f28c28", "#d7263d", "sun", "#fdeecb", "#f2b84b"), {}, 24),
    Good("orange-sweet", "greenhill", "food-tea", "Greenhill", "Sweet mandarins, 2.5 kg", 59, 1500,
         "Leaf-on mandarins from Chenggong, picked ripe and packed the same day.",
         "The leaf is the proof: picked yesterday.", "带叶子的，昨天刚摘。",
         Still("oranges", "#f58a1f", "#4d8b3a", "room", "#e7eee0", "#b7c29d"), {}, 24),
    Good("nuts-roast", "greenhill", "food-tea", "Greenhill", "Slow-roasted almonds, 400 g", 69, 1800,
         "Roasted for two hours at low heat, with a pinch of sea salt.",
         "Two hours at low heat: that is the crunch you hear.", "低温慢烤两小时，特别脆。",
         Still("nuts", "#c9955b", "#3f5a6b", "room", "#eaddd0", "#b68f6b")),
]  # fmt: skip

BY_CODE = {good.code: good for good in GOODS}
RETURN_BPS = {category.slug: category.return_bps for category in CATEGORIES}
