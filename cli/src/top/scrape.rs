//! Reads Prometheus' text format.

use std::{collections::BTreeMap, time::Instant};

/// A time series: the name of its metric, and its labels in order.
type Series = (String, Vec<(String, String)>);

/// What a service reported at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scrape(BTreeMap<Series, Value>);

/// What a service reported, and when.
pub struct Measured {
    pub at: Instant,
    pub scrape: Scrape,
}

/// A number that can be stored in a map.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value(f64);

impl Scrape {
    /// Reads a text. Lines that are malformed are skipped: another release may write more.
    pub fn read(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// All series of a metric, with their labels.
    pub fn of<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a [(String, String)], f64)> + 'a {
        let series = self.0.iter().filter(move |((found, _), _)| found == name);
        series.map(|((_, labels), value)| (&labels[..], value.0))
    }

    /// The sum of all series of a metric. `None` if there is none.
    pub fn sum(&self, name: &str) -> Option<f64> {
        self.of(name).map(|(_, value)| value).reduce(|sum, value| sum + value)
    }

    /// The values of a metric, summed by one label.
    pub fn by(&self, name: &str, label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (labels, value) in self.of(name) {
            if let Some(key) = find(labels, label) {
                *sums.entry(key.to_owned()).or_insert(0.0) += value;
            }
        }
        sums
    }

    /// The buckets of a histogram, summed over its series: upper bounds, and how many observations
    /// are at most that.
    pub fn buckets(&self, name: &str) -> Vec<(f64, f64)> {
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for (bound, count) in self.by(&format!("{name}_bucket"), "le") {
            // Rust reads Prometheus' `+Inf`, too.
            if let Ok(bound) = bound.parse() {
                sums.push((bound, count));
            }
        }
        sums.sort_by(|one, other| one.0.total_cmp(&other.0));
        sums
    }
}

/// The value of a label.
pub fn find<'a>(labels: &'a [(String, String)], label: &str) -> Option<&'a str> {
    labels.iter().find(|(name, _)| name == label).map(|(_, value)| &value[..])
}

/// A line `name{label="value",…} number`.
fn sample(line: &str) -> Option<(Series, Value)> {
    if line.starts_with('#') {
        return None;
    }
    let (series, number) = line.trim().rsplit_once(' ')?;
    let value = Value(number.parse().ok()?);
    let Some((name, rest)) = series.split_once('{') else {
        return Some(((series.into(), Vec::new()), value));
    };
    let mut labels = Vec::new();
    let mut rest = rest.strip_suffix('}')?;
    while let Some((label, quoted)) = rest.split_once("=\"") {
        // No label value of Wufu holds a quote, so escapes are not read.
        let (text, after) = quoted.split_once('"')?;
        labels.push((label.into(), text.into()));
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    Some(((name.into(), labels), value))
}

/// The value below which a share of the observations lies, as Prometheus computes it: linear within
/// a bucket. `None` if nothing was observed.
pub fn quantile(buckets: &[(f64, f64)], share: f64) -> Option<f64> {
    let total = buckets.last()?.1;
    if total <= 0.0 {
        return None;
    }
    let rank = share * total;
    let (mut below, mut counted) = (0.0, 0.0);
    for &(bound, count) in buckets {
        if count >= rank {
            if bound.is_infinite() {
                return Some(below);
            }
            let inside = count - counted;
            let part = if inside > 0.0 { (rank - counted) / inside } else { 1.0 };
            return Some(below + (bound - below) * part);
        }
        (below, counted) = (bound, count);
    }
    Some(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP a b\n# TYPE a counter\na{x=\"1\",y=\"two\"} 3\na{x=\"2\",y=\"two\"} 4\n\
        b 2.5\nh_bucket{le=\"0.1\"} 1\nh_bucket{le=\"+Inf\"} 4\nh_bucket{le=\"1\"} 3\nbroken\n\
        also{broken\n";

    #[test]
    fn series_are_read_and_summed_by_label() {
        let scrape = Scrape::read(TEXT);
        assert_eq!(scrape.sum("a"), Some(7.0));
        assert_eq!(scrape.sum("b"), Some(2.5));
        assert_eq!(scrape.sum("c"), None);
        let sums = BTreeMap::from([("1".to_owned(), 3.0), ("2".to_owned(), 4.0)]);
        assert_eq!(scrape.by("a", "x"), sums);
        let buckets = scrape.buckets("h");
        assert_eq!(buckets, [(0.1, 1.0), (1.0, 3.0), (f64::INFINITY, 4.0)]);
    }

    #[test]
    fn quantiles_are_those_of_prometheus() {
        let buckets = Scrape::read(TEXT).buckets("h");
        assert_eq!(quantile(&buckets, 0.25), Some(0.1));
        assert_eq!(quantile(&buckets, 0.5), Some(0.1 + 0.9 / 2.0));
        assert_eq!(quantile(&buckets, 0.99), Some(1.0));
        assert_eq!(quantile(&[(1.0, 0.0)], 0.5), None);
        assert_eq!(quantile(&[], 0.5), None);
    }
}
