//! From headers to typed records: suggestions, presets and rules.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end with a panic")]

use guanxi_domain::settings::{AttributeKind, AttributeType, TenantSettings};
use guanxi_import::{
    Cells, Column, Mapping, Options, Record, Refusal, Rules, Sample, Subject, Suggestion, Target, presets, suggest,
};
use serde_json::json;

fn sample(header: &[&str], rows: &[&[&str]]) -> Sample {
    Sample {
        header: header.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().copied().collect::<Cells>()).collect(),
    }
}

fn read_all(sample: &Sample, mapping: &Mapping, settings: &TenantSettings) -> Vec<Result<Record, Refusal>> {
    let rules = Rules::new(mapping, &sample.header, settings).unwrap();
    sample.rows.iter().map(|row| rules.read(row)).collect()
}

fn person(record: &Result<Record, Refusal>) -> serde_json::Value {
    match record {
        Ok(Record::Person(person)) => serde_json::to_value(person).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn chinese_headers_are_understood() {
    let sample = sample(
        &["手机号", "会员卡号", "姓名", "生日", "客户标签", "累计消费金额", "接受营销", "客户阶段", "门店"],
        &[
            &[
                "+86 138 0013 8000",
                "M-1",
                "王小明",
                "1990年2月28日",
                "高消费、母婴",
                "¥1,234.50",
                "是",
                "会员",
                "徐汇店",
            ],
            &["", "M-2", "李雷", "30/02/1990", "", "", "", "", ""],
            &["", "", "无名", "", "", "", "", "", ""],
            &["", "M-3", "韩梅梅", "", "", "", "", "", "徐汇\0店"],
        ],
    );
    let Suggestion { preset, mapping } = suggest(&sample, None, Some("CN"));
    assert!(preset.is_none());
    assert_eq!(mapping.subject, Subject::People);
    let records = read_all(&sample, &mapping, &TenantSettings::default());
    assert_eq!(
        person(&records[0]),
        json!({
            "ids": ["phone:+8613800138000", "member_card:M-1"],
            "set": {"name": "王小明", "birthday": "1990-02-28", "importedSpent": 1234.5, "门店": "徐汇店"},
            "tags": [["label", "母婴"], ["label", "高消费"]],
            "consents": [{"purpose": "marketing", "granted": true}],
            "stage": "customer",
        })
    );
    let refused = records[1].clone().unwrap_err();
    assert_eq!(
        (refused.column.as_str(), refused.reason.as_str()),
        ("生日", "is no day that can be read: `30/02/1990`")
    );
    assert_eq!(records[2].clone().unwrap_err().reason, "the row names no identity, so it is about nobody");
    let unstorable = "contains U+0000, which cannot be stored; remove it: `徐汇店`";
    assert_eq!(records[3].clone().unwrap_err(), Refusal::new("门店", unstorable));

    let lenient = Mapping { options: Options { lenient: true, ..mapping.options.clone() }, ..mapping };
    let records = read_all(&sample, &lenient, &TenantSettings::default());
    assert_eq!(person(&records[1])["notes"], json!(["生日: is no day that can be read: `30/02/1990`"]));
}

#[test]
fn values_tell_what_headers_do_not() {
    let sample = sample(
        &["kontakt", "x", "Bemerkung"],
        &[&["ada@example.com", "+49 30 901820", "hello"], &["bob@example.com", "+49 30 901821", ""]],
    );
    let mapping = suggest(&sample, None, Some("DE")).mapping;
    let kinds: Vec<&Target> = mapping.columns.iter().map(|column| &column.target).collect();
    assert_eq!(
        kinds,
        [
            &Target::Identity { kind: "email".to_owned() },
            &Target::Identity { kind: "phone".to_owned() },
            &Target::Attribute { name: "Bemerkung".to_owned(), kind: None },
        ]
    );
}

#[test]
fn every_preset_makes_a_mapping_that_works() {
    for (header, row, name) in [
        (
            "Record ID,First Name,Last Name,Email,Phone Number,Lifecycle Stage,Create Date",
            "51,Ada,Lovelace,ada@example.com,+44 20 7946 0018,Customer,2024-05-01 10:30",
            "hubspot-contacts",
        ),
        (
            "Id,LastName,FirstName,AccountId,Email,MobilePhone,HasOptedOutOfEmail",
            "003A,Lovelace,Ada,001B,ada@example.com,+44 20 7946 0018,1",
            "salesforce-contacts",
        ),
        (
            "Id,LastName,FirstName,Company,Email,LeadSource,Status,IsConverted",
            "00QA,Lovelace,Ada,ACME,ada@example.com,Web,Open,0",
            "salesforce-leads",
        ),
        (
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Phone,Total Spent,Total Orders,Tags",
            "'789,Ada,Lovelace,ada@example.com,yes,'+442079460018,99.50,2,\"vip, uk\"",
            "shopify-customers",
        ),
        (
            "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,\
             Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,\
             Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,\
             Total Spent,Total Orders,Note,Tax Exempt,Tags",
            "'789,Ada,Lovelace,ada@example.com,no,,12 St James Sq,,London,ENG,GB,SW1Y 4JH,,'+442079460018,no,\
             99.50,2,,no,vip",
            "shopify-customers",
        ),
        (
            "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,\
             Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Phone,\
             Refunded Amount",
            "#1001,ada@example.com,paid,2026-05-01 10:00:00 +0200,fulfilled,,no,EUR,90,0.00,8.33,98.33,,0.00,,\
             2026-05-01 09:59:00 +0200,1,,0.00",
            "shopify-orders",
        ),
        (
            "客户姓名,客户昵称,客户手机号,客户生日,客户性别,标签,是否会员,成长值,免费等级,付费等级,权益卡,客户积分,客户储值余额,\
             消费次数,消费金额,累计退款金额,累计退款订单数,笔单价,上次消费时间,分销员,导购员,企微好友,来源渠道,来源方式,\
             成为客户时间,成为会员时间,成为会员店铺,公众号,公众号关注时间,最近浏览时间,微信地域,所属区域",
            "王小明,小明,13800138000,1990-01-01,女,生日蛋糕,是,12,,, ,200,10.00,2,300.00,0.00,0,150.00,\
             2026-06-18 10:00:00,,,否,有赞后台,外部导入,2024-01-01 10:00:00,,,,,,北京,朝阳区",
            "youzan-customers",
        ),
        (
            "订单号,销售渠道,归属店铺,订单类型,订单状态,订单创建时间,买家付款时间,应收订单金额,订单实付金额,全部商品名称,\
             收货人/提货人,收货人手机号/提货人手机号,买家昵称,买家手机号,分销员,订单退款状态,订单已退款金额",
            "E1,网店,总店,普通订单,交易完成,2026-06-19 10:00:00,2026-06-19 10:01:00,100.00,100.00,蛋糕,王小明,13200000000,小明,\
             13800138000,,,0.00",
            "youzan-orders",
        ),
        (
            "订单号,买家付款时间,收货人手机号/提货人手机号,全部商品名称,商品种类数,订单实付金额",
            "E2,2025-07-01,13800138000,蛋糕,1,99.00",
            "youzan-orders-by-recipient",
        ),
    ] {
        let split = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        let (header, row) = (split(header), split(row));
        let sample = Sample { header, rows: vec![row.iter().map(String::as_str).collect()] };
        let suggestion = suggest(&sample, None, None);
        assert_eq!(suggestion.preset.map(|preset| preset.name), Some(name));
        let records = read_all(&sample, &suggestion.mapping, &TenantSettings::default());
        assert!(records[0].is_ok(), "{name}: {:?}", records[0]);
    }
    for preset in presets() {
        assert!(!preset.title.is_empty());
    }
}

#[test]
fn orders_and_relations_have_their_own_fields() {
    let retail = sample(
        &["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"],
        &[
            &["536365", "85123A", "HOLDER", "6", "2010-12-01 08:26:00", "2.55", "17850.0", "United Kingdom"],
            &["C536379", "D", "Discount", "-1", "2010-12-01 09:41:00", "27.50", "14527.0", "United Kingdom"],
        ],
    );
    let mapping = suggest(&retail, None, Some("GB")).mapping;
    assert_eq!(mapping.subject, Subject::Orders);
    let lines: Vec<_> = read_all(&retail, &mapping, &TenantSettings::default())
        .into_iter()
        .map(|record| match record {
            Ok(Record::Order(line)) => (line.number, line.identities[0].to_string(), line.amount.unwrap().to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [("536365", "user:17850", "15.3"), ("C536379", "user:14527", "-27.5")];
    assert_eq!(lines, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));

    let graph = sample(&["node_1", "node_2", "weight"], &[&["0", "747", "80"], &["3", "3", ""]]);
    let mapping = suggest(&graph, None, None).mapping;
    assert_eq!(mapping.subject, Subject::Relations);
    let records = read_all(&graph, &mapping, &TenantSettings::default());
    assert!(
        matches!(&records[0], Ok(Record::Relation(edge)) if edge.strength == 0.8 && edge.to.to_string() == "user:747")
    );
    assert!(records[1].is_err(), "nobody is related to themselves");
}

#[test]
fn the_tenants_types_win() {
    let mut settings = TenantSettings::default();
    let kind = AttributeKind::Texts;
    settings.attributes.insert("hobby".to_owned(), AttributeType { title: "爱好".to_owned(), kind, days: None });
    let sample = sample(&["email", "hobby"], &[&["a@example.com", "go; tea"]]);
    let column = |header: &str, target| Column { header: header.to_owned(), target };
    let hobby = Target::Attribute { name: "hobby".to_owned(), kind: None };
    let columns = vec![column("email", Target::Identity { kind: "email".to_owned() }), column("hobby", hobby)];
    let mapping = Mapping { columns, ..Mapping::default() };
    assert_eq!(person(&read_all(&sample, &mapping, &settings)[0])["set"], json!({"hobby": ["go", "tea"]}));
}

#[test]
fn mappings_that_cannot_work_say_where() {
    for (mapping, at) in [
        (json!({"columns": []}), "columns"),
        (json!({"columns": [{"header": "a", "target": {"to": "identity", "kind": "E"}}]}), "columns[0].target"),
        (json!({"columns": [{"header": "a", "target": {"to": "amount"}}]}), "columns[0].target"),
        (
            json!({"columns": [{"header": "a", "target": {"to": "identity", "kind": "email"}}], "options": {"region": "china"}}),
            "options.region",
        ),
        (
            json!({"columns": [{"header": "a", "target": {"to": "ignore"}}, {"header": "a", "target": {"to": "ignore"}}]}),
            "columns[1].header",
        ),
    ] {
        let mapping: Mapping = serde_json::from_value(mapping).unwrap();
        assert_eq!(mapping.check().unwrap_err().at, at);
    }
}
