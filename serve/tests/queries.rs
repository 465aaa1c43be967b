//! The queries of the dashboard and of the alert rules name metrics and labels that exist.

use std::collections::{BTreeMap, BTreeSet};

use wufu_serve::metrics::{ALL, Kind};

const DASHBOARD: &str = include_str!("../../deploy/grafana/wufu.json");
const ALERTS: &str = include_str!("../../deploy/prometheus/alerts.yml");

/// Labels that Prometheus adds.
const ADDED: [&str; 3] = ["instance", "job", "le"];

/// The dashboard's queries: one per line.
fn dashboard() -> Vec<String> {
    let lines = DASHBOARD.lines().map(str::trim);
    let queries = lines.filter_map(|line| line.strip_prefix("\"expr\": \"")?.strip_suffix("\","));
    queries.map(|query| query.replace("\\\"", "\"")).collect()
}

/// The alert rules' queries: on the line of `expr`, or indented below it.
fn alerts() -> Vec<String> {
    let (mut queries, mut lines) = (Vec::new(), ALERTS.lines().peekable());
    while let Some(line) = lines.next() {
        let Some(query) = line.strip_prefix("        expr: ") else { continue };
        let mut whole = query.trim_start_matches(">-").to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("          ")) {
            whole = format!("{whole} {}", more.trim());
        }
        queries.push(whole.trim().to_owned());
    }
    queries
}

/// The words of a query, and its punctuation. Texts in quotes and numbers are left out.
fn tokens(query: &str) -> Vec<String> {
    let (mut tokens, mut chars) = (Vec::new(), query.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' => while chars.next().is_some_and(|c| c != '"') {},
            _ if c.is_alphanumeric() || "_:$".contains(c) => {
                let mut word = String::from(c);
                let is_word = |c: &char| c.is_alphanumeric() || "_:.".contains(*c);
                while let Some(c) = chars.next_if(is_word) {
                    word.push(c);
                }
                if !word.starts_with(|c: char| c.is_ascii_digit()) {
                    tokens.push(word);
                }
            }
            _ if !c.is_whitespace() => tokens.push(c.into()),
            _ => {}
        }
    }
    tokens
}

/// What a query names: its metrics, and the labels that it selects or groups by.
fn named(query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let tokens = tokens(query);
    let (mut in_braces, mut in_list) = (false, false);
    for (at, token) in tokens.iter().enumerate() {
        let is_word = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
        match token.as_str() {
            "{" => in_braces = true,
            "}" => in_braces = false,
            "(" => in_list = at > 0 && matches!(tokens[at - 1].as_str(), "by" | "without" | "on"),
            ")" => in_list = false,
            _ if (in_braces || in_list) && is_word => drop(labels.insert(token.clone())),
            _ if token.starts_with("wufu_") || token.starts_with("process_") => {
                metrics.insert(token.clone());
            }
            _ => {}
        }
    }
    (metrics, labels)
}

/// The names of all series, with their labels.
fn series() -> BTreeMap<String, &'static [&'static str]> {
    let mut series = BTreeMap::new();
    for metric in ALL {
        if metric.kind == Kind::Histogram {
            for part in ["bucket", "sum", "count"] {
                series.insert(format!("{}_{part}", metric.name), metric.labels);
            }
        } else {
            series.insert(metric.name.into(), metric.labels);
        }
    }
    series
}

/// What is wrong with a query.
fn complaints(query: &str) -> Vec<String> {
    let (known, (metrics, labels)) = (series(), named(query));
    let mut complaints = Vec::new();
    if metrics.is_empty() {
        complaints.push(format!("{query}: it names no metric"));
    }
    for metric in &metrics {
        if !known.contains_key(metric) {
            complaints.push(format!("{query}: there is no {metric}"));
        }
    }
    for label in labels {
        let has = |metric: &String| {
            known.get(metric).is_some_and(|labels| labels.contains(&label.as_str()))
        };
        if !ADDED.contains(&label.as_str()) && !metrics.iter().any(has) {
            complaints.push(format!("{query}: none of its metrics has the label {label}"));
        }
    }
    complaints
}

#[test]
fn every_query_names_what_exists() {
    let (dashboard, alerts) = (dashboard(), alerts());
    assert_eq!(dashboard.len(), DASHBOARD.matches("\"expr\"").count());
    assert_eq!(alerts.len(), ALERTS.matches("expr:").count());
    assert!(dashboard.len() > 30 && alerts.len() > 8);
    let all: Vec<String> =
        dashboard.iter().chain(&alerts).flat_map(|query| complaints(query)).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn every_metric_is_on_the_dashboard() {
    let shown: BTreeSet<String> = dashboard().iter().flat_map(|query| named(query).0).collect();
    for metric in ALL {
        let is_shown = shown.iter().any(|name| name.starts_with(metric.name));
        assert!(is_shown, "{} is on no panel", metric.name);
    }
}

#[test]
fn wrong_queries_are_found() {
    for (query, wrong) in [
        ("rate(wufu_request_total[5m])", "there is no wufu_request_total"),
        ("wufu_queue_wait_seconds", "there is no wufu_queue_wait_seconds"),
        ("sum by (reason) (wufu_requests_total)", "has the label reason"),
        ("wufu_ready{role=\"x\"}", "has the label role"),
        ("time() - 5", "names no metric"),
    ] {
        let complaints = complaints(query).join("\n");
        assert!(complaints.contains(wrong), "{query}: {complaints}");
    }
}
