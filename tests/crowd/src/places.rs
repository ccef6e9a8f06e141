//! Where people live, weighted by how many live there.

/// A city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// As the shop writes it.
    pub city: &'static str,
    /// Province or state.
    pub province: &'static str,
    /// As people there write it.
    pub country: &'static str,
}

const fn at(city: &'static str, province: &'static str, country: &'static str) -> Place {
    Place { city, province, country }
}

const fn cn(city: &'static str, province: &'static str) -> Place {
    at(city, province, "中国")
}

/// Cities by ten thousand inhabitants; those abroad by how many of a Chinese brand's customers live there.
pub const PLACES: &[(Place, u32)] = &[
    (cn("上海", "上海"), 2_487),
    (cn("北京", "北京"), 2_189),
    (cn("成都", "四川"), 2_094),
    (cn("广州", "广东"), 1_868),
    (cn("深圳", "广东"), 1_756),
    (cn("重庆", "重庆"), 1_600),
    (cn("天津", "天津"), 1_387),
    (cn("苏州", "江苏"), 1_275),
    (cn("郑州", "河南"), 1_260),
    (cn("武汉", "湖北"), 1_245),
    (cn("西安", "陕西"), 1_218),
    (cn("杭州", "浙江"), 1_194),
    (cn("石家庄", "河北"), 1_064),
    (cn("东莞", "广东"), 1_047),
    (cn("青岛", "山东"), 1_007),
    (cn("长沙", "湖南"), 1_005),
    (cn("哈尔滨", "黑龙江"), 1_001),
    (cn("温州", "浙江"), 957),
    (cn("佛山", "广东"), 950),
    (cn("南京", "江苏"), 942),
    (cn("宁波", "浙江"), 940),
    (cn("合肥", "安徽"), 937),
    (cn("济南", "山东"), 920),
    (cn("沈阳", "辽宁"), 907),
    (cn("长春", "吉林"), 907),
    (cn("泉州", "福建"), 878),
    (cn("南宁", "广西"), 874),
    (cn("昆明", "云南"), 846),
    (cn("福州", "福建"), 829),
    (cn("无锡", "江苏"), 746),
    (cn("大连", "辽宁"), 745),
    (cn("南昌", "江西"), 625),
    (cn("贵阳", "贵州"), 599),
    (cn("嘉兴", "浙江"), 540),
    (cn("太原", "山西"), 530),
    (cn("常州", "江苏"), 528),
    (cn("厦门", "福建"), 516),
    (cn("兰州", "甘肃"), 436),
    (cn("乌鲁木齐", "新疆"), 405),
    (cn("呼和浩特", "内蒙古"), 345),
    (cn("海口", "海南"), 287),
    (at("香港", "香港", "中国香港"), 700),
    (at("新加坡", "", "新加坡"), 420),
    (at("東京", "東京都", "日本"), 380),
    (at("서울", "서울", "대한민국"), 300),
    (at("New York", "NY", "United States"), 320),
    (at("San Francisco", "CA", "United States"), 240),
    (at("London", "England", "United Kingdom"), 260),
    (at("Sydney", "NSW", "Australia"), 220),
    (at("Berlin", "Berlin", "Deutschland"), 160),
];

impl Place {
    /// Whether Chinese names are usual there.
    pub fn is_chinese(&self) -> bool {
        matches!(self.country, "中国" | "中国香港" | "新加坡")
    }
}
