"""Who takes part: the logins of the demo, anchors, an agency, buyers, and what they say."""

from __future__ import annotations

from dataclasses import dataclass

from demo.pictures import Look

MEN = "#a65a4d"


@dataclass(frozen=True)
class AnchorData:
    username: str
    name: str
    language: str
    look: Look
    # Their share of the commission that goes to the agency; None when they work alone.
    agency_bps: int | None


@dataclass(frozen=True)
class ShowData:
    """A room. `when` in hours from now: negative is past, None is live now."""

    slug: str
    anchor: str
    title: str
    when: float | None
    goods: tuple[str, ...]
    minutes: int = 90


ROLES = ("viewer", "anchor", "supplier", "admin", "agency")
DEMO_NAMES = {
    "viewer": "Robin Vale",
    "anchor": "Mia Chen",
    "supplier": "Kit Kestrel",
    "admin": "House Admin",
    "agency": "Jo Meridian",
}
DEMO_SUPPLIER = "kestrel"
AGENCY = "Meridian Stars"

ANCHORS = [
    AnchorData("anchor", "Mia Chen", "en", Look("#f3c9a8", "#2b1b17", "long", "#d7335a", "#5b2a6b", "#ff8fb1",
               earrings=True), 3000),
    AnchorData("leo_sound", "Leo Park", "en", Look("#e8b58f", "#1d1a22", "short", "#2f6f9f", "#12314d", "#5cc8ff",
               glasses=True, lips=MEN), 2500),
    AnchorData("amara", "Amara Diallo", "en", Look("#8d5a3b", "#1a1210", "curly", "#f0a92e", "#7a2e1d", "#ffb35c",
               earrings=True), 3000),
    AnchorData("freya_home", "Freya Lind", "en", Look("#f6d5bd", "#6b3a22", "bun", "#5a8f6a", "#23483f", "#a8e6b0"),
               None),
    AnchorData("xiaowen", "小雯的茶铺", "zh-hans", Look("#f1c6a3", "#15131a", "bob", "#f3efe6", "#3a2f5f", "#c7a6ff",
               glasses=True), 2000),
    AnchorData("matteo", "Matteo Riva", "en", Look("#d9a178", "#3a2618", "short", "#b3402a", "#3d2a20", "#ffc27a",
               lips=MEN), None),
]  # fmt: skip

LIVE_SHOW = "mia-evening-edit"

SHOWS = [
    ShowData(LIVE_SHOW, "anchor", "Evening edit: home, glow and small luxuries", None,
             ("mug-dune", "lip-velvet", "lamp-pleat", "serum-nia", "candle-no7", "bag-soiree",
              "buds-aura", "vase-terra", "cream-night", "tea-yunwu", "pan-ember", "perfume-rosea")),
    ShowData("sound-check", "leo_sound", "Sound check: headphones from 299", 20,
             ("head-mono", "buds-aura", "speaker-cove", "keys-tactile", "bank-65")),
    ShowData("qingcha-wanjian", "xiaowen", "晚间茶席：明前云雾与小点心", 26,
             ("tea-yunwu", "honey-acacia", "box-festival", "nuts-roast")),
    ShowData("mia-autumn-glow", "anchor", "Autumn glow: five minutes of care", -52,
             ("serum-nia", "cream-night", "sun-daily", "blush-compact", "lip-velvet", "candle-no7")),
    ShowData("amara-wardrobe", "amara", "Wardrobe rescue with Amara", -100,
             ("dress-petal", "jeans-mill", "tee-sunday", "hoodie-pier", "scarf-check", "socks-harlequin")),
    ShowData("freya-slow-kitchen", "freya_home", "Slow kitchen: one pot, one lamp", -170,
             ("pan-ember", "kettle-arden", "mug-dune", "lamp-pleat", "cushion-glen")),
    ShowData("matteo-on-foot", "matteo", "On foot: sneakers, boots and the right bag", -260,
             ("sneaker-court", "runner-tide", "boots-chelsea", "backpack-ridge", "case-cabin")),
    ShowData("xiaowen-chunfen", "xiaowen", "茶铺开张：买茶送蜂蜜小样", -420,
             ("tea-yunwu", "honey-acacia", "orange-sweet", "juice-duo", "coffee-night")),
    ShowData("leo-desk-day", "leo_sound", "Desk day: keys, cases, charge", -640,
             ("keys-tactile", "case-wave", "bank-65", "watch-pulse", "beam-mini")),
    ShowData("mia-gift-table", "anchor", "The gift table", -900,
             ("box-festival", "perfume-rosea", "bag-soiree", "vase-terra", "tote-market")),
    ShowData("amara-basics", "amara", "Basics week", -1180,
             ("tee-sunday", "cap-outside", "socks-harlequin", "jeans-mill", "tote-market")),
]  # fmt: skip

# Shown once, in a minute and a half, by `demo_live`: it leaves a recording.
SHORT_SHOW = ShowData("freya-table-for-two", "freya_home", "Table for two in ninety seconds", None,
                      ("mug-dune", "kettle-arden", "pan-ember", "candle-no7", "cushion-glen"))  # fmt: skip

# Buyers: user name, display name, city. The first dozen also sit in the live room.
BUYERS = [
    ("juno_w", "Juno W.", "Shanghai"), ("tangtang", "糖糖", "Chengdu"), ("ben_h", "Ben H.", "Beijing"),
    ("ahui", "阿辉", "Guangzhou"), ("sofia_r", "Sofia R.", "Suzhou"), ("momo", "Momo", "Hangzhou"),
    ("linlin", "林琳", "Nanjing"), ("oskar", "Oskar", "Shenzhen"), ("priya", "Priya S.", "Shanghai"),
    ("xiaoyu", "小雨", "Wuhan"), ("dan_k", "Dan K.", "Xiamen"), ("yuki", "Yuki", "Qingdao"),
    ("mei_l", "Mei L.", "Tianjin"), ("haoran", "浩然", "Chongqing"), ("clara", "Clara", "Xi'an"),
    ("petra", "Petra", "Dalian"), ("jin", "Jin", "Changsha"), ("lulu", "Lulu", "Kunming"),
    ("wei_z", "Wei Z.", "Ningbo"), ("ada", "Ada", "Foshan"), ("noor", "Noor", "Shanghai"),
    ("lao_li", "老李", "Jinan"), ("eli", "Eli", "Hefei"), ("rosa", "Rosa", "Zhuhai"),
]  # fmt: skip

# What people ask about: words that give the topic away.
TOPICS = {
    "shipping": ("ship", "deliver", "发货", "快递", "几天"),
    "returns": ("return", "refund", "退", "换"),
    "colour": ("colour", "color", "颜色", "色差"),
    "choice": ("which", "recommend", "推荐", "哪"),
    "gift": ("gift", "present", "送", "礼"),
    "price": ("price", "cost", "how much", "多少钱", "价"),
    "stock": ("left", "stock", "number", "还有", "库存"),
    "hello": ("hello", "hi ", "first time", "大家好", "第一次"),
}

QUESTIONS = [
    "how long until it ships?", "which one would you take, Mia?", "can I return it if it does not suit me?",
    "would this be a good gift?", "is that the real colour?", "first time here, hello everyone",
    "how many are left?", "多久能发货呀？", "颜色和直播里一样吗？", "主播推荐哪一款？", "可以退吗？",
    "第一次来，大家好～", "送朋友合适吗？",
]  # fmt: skip

PRAISE = [
    "ordered the {thing} last week, love it", "oh that {thing} is lovely", "my sister has this one, it lasts",
    "the {thing} looks even better on camera", "finally back in stock!", "the light in this room is so nice",
    "adding the {thing} to my list", "who else is here from Chengdu?", "已下单，期待！", "这个真的好用，回购了",
    "主播今天状态真好", "好看好看", "价格可以的", "蹲了好久终于等到了",
]  # fmt: skip

BOUGHT = [
    "got it!", "ordered, thank you", "one {thing} for me, one for mum", "just bought it", "买到了！", "下单成功～",
    "couldn't resist", "抢到啦",
]  # fmt: skip

INTROS = [
    "Next one on the table: {title}. {pitch}",
    "You asked for it: {title}. {pitch}",
    "Number {number}, {title}. {pitch}",
    "Let me show you the {title} up close. {pitch}",
]
ANSWERS = {
    "shipping": [
        "It leaves the warehouse within {hours} hours, I checked with the supplier.",
        "{hours} 小时内发货～",
    ],
    "returns": ["Seven days to send it back if you change your mind.", "支持七天退货，放心买。"],
    "colour": [
        "What you see is the real colour, no filter tonight.",
        "颜色就是镜头里这样，没有滤镜。",
    ],
    "choice": ["{pitch}", "I would take the one I have at home: this.", "{pitch_zh}"],
    "gift": ["It comes well packed; I gave one to my mother.", "送人很合适，包装也好看。"],
    "price": ["{price} tonight, shipping included."],
    "stock": ["There are {left} left on the shelf right now."],
    "hello": ["Welcome, make yourself at home.", "欢迎欢迎，随便看看～"],
    "": ["Good question. {pitch}", "Ask away, I am here all evening.", "{pitch_zh}"],
}
