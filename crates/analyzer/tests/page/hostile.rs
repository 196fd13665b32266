//! Names, descriptions and tags that try to leave their place: they show as text, and the page is made of the same
//! elements as one with harmless names.

use crate::made_up::{Group, Rule, page};
use crate::stage::{Stage, texts};
use serde_json::json;
use servers::View;

/// What somebody may write, and what the page shows of it: control and bidirectional characters as escapes, else the
/// same.
const HOSTILE: [(&str, &str); 14] = [
    ("<script>window.pwned=1</script>", "<script>window.pwned=1</script>"),
    ("</script><script>window.pwned=2</script>", "</script><script>window.pwned=2</script>"),
    ("<img src=x onerror=window.pwned=3>", "<img src=x onerror=window.pwned=3>"),
    ("\"><svg onload=window.pwned=4>", "\"><svg onload=window.pwned=4>"),
    ("' onfocus='window.pwned=5' autofocus='", "' onfocus='window.pwned=5' autofocus='"),
    ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ("{{7*7}}${7*7}{% raw %}", "{{7*7}}${7*7}{% raw %}"),
    ("web\u{1b}[31m\u{1b}]0;owned\u{7}", "web\\x1b[31m\\x1b]0;owned\\x07"),
    ("\u{202e}gnp.exe\u{2066}\u{200b}", "\\u{202e}gnp.exe\\u{2066}\\u{200b}"),
    ("&lt;b&gt;&amp;&quot;&#x3c;", "&lt;b&gt;&amp;&quot;&#x3c;"),
    ("<!--<script>-->]]>", "<!--<script>-->]]>"),
    ("\\u003cb\\u003e\\\"\\", "\\u003cb\\u003e\\\"\\"),
    ("a\r\nb\tc\u{2028}d\u{2029}e\0f", "a\\r\\nb\\tc\\u{2028}d\\u{2029}e\\x00f"),
    ("שלום 日本語 🚀 __proto__", "שלום 日本語 🚀 __proto__"),
];

fn groups(text: impl Fn(usize) -> String) -> Vec<Group> {
    let mut groups = Vec::new();
    for number in 0..HOSTILE.len() {
        let rule = |place: usize| Rule {
            id: format!("sgr-{:017x}", 16 * number + place),
            from: 1000 * (1 + place) as u16,
            to: 1000 * (1 + place) as u16,
            cidr: if place == 0 { "0.0.0.0/0".to_owned() } else { format!("10.{number}.0.0/16") },
            description: format!("d{number} {}", text(number)),
            tags: vec![(format!("k{number} {}", text(number)), text(number))],
        };
        groups.push(Group {
            id: format!("sg-{number:017x}"),
            name: format!("n{number} {}", text(number)),
            description: format!("g{number} {}", text(number)),
            tags: vec![(format!("t{number} {}", text(number)), text(number))],
            rules: vec![rule(0), rule(1)],
        });
    }
    groups
}

fn steps(stage: &Stage) -> serde_json::Value {
    let first: Vec<serde_json::Value> =
        (0..HOSTILE.len()).map(|number| json!(["toggle", format!("sgr-{:017x}", 16 * number)])).collect();
    assert!(stage.report["groups"].as_array().unwrap().len() == HOSTILE.len());
    let mut steps = first;
    steps.extend([
        json!(["open"]),
        json!(["tags"]),
        json!(["evaluate", "typeof window.pwned"]),
        json!(["text", "#rows"]),
        json!(["text", "#rows tr.rule .c-group"]),
        json!(["evaluate", "[...document.querySelectorAll('#network .node title')].map((title) => title.textContent)"]),
        json!(["text", "main"]),
    ]);
    json!(steps)
}

#[test]
fn hostile_texts_show_as_text() {
    let hostile = page(&groups(|number| HOSTILE[number].0.to_owned()), "<b>\u{1b}[5meni</b>", &[1000]);
    let harmless = page(&groups(|number| format!("harmless {number}")), "an interface", &[1000]);
    let answers = hostile.visit(View::default(), steps(&hostile));
    let rest = &answers[HOSTILE.len()..];
    let tame = harmless.visit(View::default(), steps(&harmless));
    assert_eq!(rest[1], tame[HOSTILE.len() + 1], "some text became elements");
    assert_eq!(rest[2], "undefined", "some text ran");
    let table = texts(&rest[3]).concat();
    let cells = texts(&rest[4]);
    let titles = texts(&rest[5]);
    for (number, (_, shown)) in HOSTILE.iter().enumerate() {
        for place in [format!("n{number} {shown}"), format!("d{number} {shown}")] {
            assert!(cells.iter().any(|cell| cell.contains(&place)), "`{place}` is in no row: {cells:?}");
        }
        for place in
            [format!("g{number} {shown}"), format!("k{number} {shown}={shown}"), format!("t{number} {shown}={shown}")]
        {
            assert!(table.contains(&place), "`{place}` is not among the details");
        }
        let title = format!("n{number} {shown} (sg-{number:017x})");
        assert!(titles.contains(&title), "{title} is not in the picture: {titles:?}");
    }
    for answer in &rest[3..] {
        let unsafe_text = answer.as_array().unwrap().iter().filter_map(|text| text.as_str()).collect::<String>();
        let found: Vec<char> = unsafe_text
            .chars()
            .filter(|character| {
                character.is_control() && !"\n\t".contains(*character)
                    || "\u{202e}\u{2066}\u{200b}\u{2028}".contains(*character)
            })
            .collect();
        assert_eq!(found, Vec::<char>::new());
    }
}
