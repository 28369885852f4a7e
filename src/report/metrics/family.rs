//! A family of metrics as one row: name, help, type, labels, and the function that computes its
//! series. Writes families of every type; must not know what the numbers mean.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use super::Fleet;
use crate::assess::delivery::tallies::Distribution;
use crate::report::terminal::plain::plain;

/// One family of metrics. A test compares README's table with these rows.
#[derive(Debug)]
pub struct Family {
    /// Full name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Labels every series carries.
    pub labels: &'static [&'static str],
    /// An optional label, turned on by a flag.
    pub on_request: Option<&'static str>,
    /// HELP: a noun phrase with its unit.
    pub help: &'static str,
    /// Computes the series.
    pub(super) series: for<'a> fn(&'a Fleet<'a>) -> Series<'a>,
}

/// The type of a family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A count that only grows.
    Counter,
    /// Always 1: its labels are joined to other series. Written as a gauge.
    Info,
    /// Observations counted by upper bounds.
    Histogram,
}

/// The row of a gauge.
pub(super) const fn gauge(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    series: for<'a> fn(&'a Fleet<'a>) -> Series<'a>,
) -> Family {
    Family {
        name,
        kind: Kind::Gauge,
        labels,
        on_request: None,
        help,
        series,
    }
}

/// The row of a counter.
pub(super) const fn counter(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    series: for<'a> fn(&'a Fleet<'a>) -> Series<'a>,
) -> Family {
    Family {
        kind: Kind::Counter,
        ..gauge(name, labels, help, series)
    }
}

/// The row of a histogram.
pub(super) const fn histogram(
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    series: for<'a> fn(&'a Fleet<'a>) -> Series<'a>,
) -> Family {
    Family {
        kind: Kind::Histogram,
        ..gauge(name, labels, help, series)
    }
}

impl Family {
    /// The family as it is now.
    pub(super) fn compute<'a>(&self, fleet: &'a Fleet<'a>) -> MetricFamily {
        self.written(&(self.series)(fleet))
    }

    fn written(&self, series: &Series<'_>) -> MetricFamily {
        let mut written = MetricFamily::default();
        written.set_name(self.name.to_owned());
        written.set_help(self.help.to_owned());
        written.set_field_type(match self.kind {
            Kind::Gauge | Kind::Info => MetricType::GAUGE,
            Kind::Counter => MetricType::COUNTER,
            Kind::Histogram => MetricType::HISTOGRAM,
        });
        written.set_metric(match self.kind {
            Kind::Gauge | Kind::Info => series.0.iter().map(|it| self.gauge(it)).collect(),
            Kind::Counter => series.0.iter().map(|it| self.counter(it)).collect(),
            Kind::Histogram => series.0.iter().map(|it| self.histogram(it)).collect(),
        });
        written
    }

    fn gauge(&self, sample: &Sample<'_>) -> Metric {
        let mut gauge = Gauge::default();
        gauge.set_value(sample.value.number());
        let mut metric = self.labelled(&sample.labels);
        metric.set_gauge(gauge);
        metric
    }

    fn counter(&self, sample: &Sample<'_>) -> Metric {
        let mut counter = Counter::default();
        counter.set_value(sample.value.number());
        let mut metric = self.labelled(&sample.labels);
        metric.set_counter(counter);
        metric
    }

    fn histogram(&self, sample: &Sample<'_>) -> Metric {
        let mut metric = self.labelled(&sample.labels);
        if let Value::Distribution(distribution) = &sample.value {
            metric.set_histogram(histogram_of(distribution));
        }
        metric
    }

    /// A metric with its labels. The exposition escapes line feeds; other characters that mislead
    /// are written as codes.
    fn labelled(&self, values: &[&str]) -> Metric {
        debug_assert!(values.len() >= self.labels.len(), "{}", self.name);
        let names = self.labels.iter().copied().chain(self.on_request);
        let pairs = names.zip(values).map(|(name, value)| {
            let mut pair = LabelPair::default();
            pair.set_name(name.to_owned());
            pair.set_value(value.split('\n').map(plain).collect::<Vec<_>>().join("\n"));
            pair
        });
        Metric::from_label(pairs.collect())
    }
}

/// Label values and a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample<'a> {
    labels: Vec<&'a str>,
    value: Value,
}

/// The value of a sample.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(f64),
    /// Boxed: most samples are numbers.
    Distribution(Box<Distribution>),
}

impl Value {
    /// The number; of a distribution, that of its observations.
    #[allow(clippy::cast_precision_loss)] // counts are far below 2⁵³
    fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Distribution(distribution) => distribution.count() as f64,
        }
    }
}

/// The samples of one family in the order they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series<'a>(Vec<Sample<'a>>);

impl<'a> Series<'a> {
    /// The one series of a family without labels; none while its value is not known.
    pub(super) fn single(value: Option<f64>) -> Self {
        value.map(|value| ([], value)).into_iter().collect()
    }

    /// Histograms. Those with equal labels add up.
    pub(super) fn distributions<'d, const N: usize>(
        distributions: impl Iterator<Item = ([&'a str; N], &'d Distribution)>,
    ) -> Self {
        let mut sums = BTreeMap::<[&'a str; N], Distribution>::new();
        for (labels, distribution) in distributions {
            match sums.entry(labels) {
                Entry::Vacant(entry) => {
                    entry.insert(distribution.clone());
                }
                Entry::Occupied(mut entry) => entry.get_mut().add(distribution),
            }
        }
        let samples = sums.into_iter().map(|(labels, distribution)| Sample {
            labels: labels.to_vec(),
            value: Value::Distribution(Box::new(distribution)),
        });
        Self(samples.collect())
    }

    /// The label values at these places, in this order.
    pub(super) fn with_labels(self, places: &[usize]) -> Self {
        let samples = self.0.into_iter().map(|sample| Sample {
            labels: places.iter().map(|place| sample.labels[*place]).collect(),
            ..sample
        });
        Self(samples.collect())
    }
}

/// Values with equal labels add up, so that two teams that share a label never make two series of
/// one name.
impl<'a, const N: usize> FromIterator<([&'a str; N], f64)> for Series<'a> {
    fn from_iter<I: IntoIterator<Item = ([&'a str; N], f64)>>(series: I) -> Self {
        let mut sums = BTreeMap::new();
        for (labels, value) in series {
            *sums.entry(labels).or_insert(0.0) += value;
        }
        let samples = sums.into_iter().map(|(labels, value)| Sample {
            labels: labels.to_vec(),
            value: Value::Number(value),
        });
        Self(samples.collect())
    }
}

fn histogram_of(distribution: &Distribution) -> Histogram {
    let buckets = distribution.cumulative().map(|(bound, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(distribution.count());
    histogram.set_sample_sum(distribution.sum());
    histogram
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    const ROW: Family = gauge("g", &["path"], "Things.", |_| Series::default());

    fn text(row: &Family, series: &Series<'_>) -> String {
        let written = row.written(series);
        TextEncoder::new().encode_to_string(&[written]).unwrap()
    }

    #[test]
    fn equal_labels_add_up() {
        let series = [(["a"], 1.0), (["b"], 2.0), (["a"], 3.0)];
        assert_eq!(
            text(&ROW, &series.into_iter().collect()),
            "# HELP g Things.\n# TYPE g gauge\ng{path=\"a\"} 4\ng{path=\"b\"} 2\n"
        );
    }

    #[test]
    fn counters_and_infos_are_written_as_prometheus_reads_them() {
        for (kind, word) in [(Kind::Counter, "counter"), (Kind::Info, "gauge")] {
            let row = Family { kind, ..ROW };
            let text = text(&row, &[(["web"], 1.0)].into_iter().collect());
            assert!(text.ends_with(&format!("# TYPE g {word}\ng{{path=\"web\"}} 1\n")));
        }
    }

    #[test]
    fn a_histogram_has_the_buckets_of_its_row() {
        let row = Family {
            kind: Kind::Histogram,
            ..ROW
        };
        let mut some = Distribution::new(&[1.0, 60.0]);
        some.observe(0);
        some.observe(1);
        let mut more = Distribution::new(&[1.0, 60.0]);
        more.observe(90);
        assert_eq!(
            text(
                &row,
                &Series::distributions([(["web"], &some), (["web"], &more)].into_iter())
            ),
            "# HELP g Things.\n# TYPE g histogram\n\
             g_bucket{path=\"web\",le=\"1\"} 2\n\
             g_bucket{path=\"web\",le=\"60\"} 2\n\
             g_bucket{path=\"web\",le=\"+Inf\"} 3\n\
             g_sum{path=\"web\"} 91\n\
             g_count{path=\"web\"} 3\n"
        );
    }
}
