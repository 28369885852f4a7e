//! A family of metrics as one row: name, help, type, labels, and the function that computes its
//! series. Writes families of every type; must not know what the numbers mean.

use std::collections::BTreeMap;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
};

use super::Fleet;
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
    /// Observations counted by these upper bounds.
    Histogram(&'static [f64]),
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

impl Family {
    /// The family as it is now.
    pub(super) fn compute<'a>(&self, fleet: &'a Fleet<'a>) -> MetricFamily {
        self.written((self.series)(fleet))
    }

    fn written(&self, series: Series<'_>) -> MetricFamily {
        let mut written = MetricFamily::default();
        written.set_name(self.name.to_owned());
        written.set_help(self.help.to_owned());
        written.set_field_type(match self.kind {
            Kind::Gauge | Kind::Info => MetricType::GAUGE,
            Kind::Counter => MetricType::COUNTER,
            Kind::Histogram(_) => MetricType::HISTOGRAM,
        });
        written.set_metric(match self.kind {
            Kind::Gauge | Kind::Info => series.0.iter().map(|it| self.gauge(it)).collect(),
            Kind::Counter => series.0.iter().map(|it| self.counter(it)).collect(),
            Kind::Histogram(bounds) => self.histograms(bounds, series),
        });
        written
    }

    fn gauge(&self, sample: &Sample<'_>) -> Metric {
        let mut gauge = Gauge::default();
        gauge.set_value(sample.value);
        let mut metric = self.labelled(&sample.labels);
        metric.set_gauge(gauge);
        metric
    }

    fn counter(&self, sample: &Sample<'_>) -> Metric {
        let mut counter = Counter::default();
        counter.set_value(sample.value);
        let mut metric = self.labelled(&sample.labels);
        metric.set_counter(counter);
        metric
    }

    /// One histogram for each set of label values.
    fn histograms(&self, bounds: &[f64], series: Series<'_>) -> Vec<Metric> {
        let mut observed = BTreeMap::<Vec<&str>, Vec<f64>>::new();
        for sample in series.0 {
            observed
                .entry(sample.labels)
                .or_default()
                .push(sample.value);
        }
        observed
            .into_iter()
            .map(|(labels, values)| {
                let mut metric = self.labelled(&labels);
                metric.set_histogram(histogram(bounds, &values));
                metric
            })
            .collect()
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

/// Label values and a number: a value, or one observation of a histogram.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample<'a> {
    labels: Vec<&'a str>,
    value: f64,
}

/// The samples of one family in the order they are written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series<'a>(Vec<Sample<'a>>);

impl<'a> Series<'a> {
    /// The one series of a family without labels; none while its value is not known.
    pub(super) fn single(value: Option<f64>) -> Self {
        value.map(|value| ([], value)).into_iter().collect()
    }

    /// Observations of a histogram: equal labels do not add up.
    #[cfg_attr(not(test), expect(dead_code, reason = "no row is a histogram yet"))]
    pub(super) fn observed<const N: usize>(
        observations: impl Iterator<Item = ([&'a str; N], f64)>,
    ) -> Self {
        let samples = observations.map(|(labels, value)| Sample {
            labels: labels.to_vec(),
            value,
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
            value,
        });
        Self(samples.collect())
    }
}

fn histogram(bounds: &[f64], values: &[f64]) -> Histogram {
    let up_to = |bound: f64| values.iter().filter(|value| **value <= bound).count() as u64;
    let buckets = bounds.iter().map(|bound| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(up_to(*bound));
        bucket
    });
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(values.len() as u64);
    // `sum` of none is -0.
    histogram.set_sample_sum(values.iter().fold(0.0, |sum, value| sum + value));
    histogram
}

#[cfg(test)]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    const ROW: Family = gauge("g", &["path"], "Things.", |_| Series::default());

    fn text(row: &Family, series: Series<'_>) -> String {
        let written = row.written(series);
        TextEncoder::new().encode_to_string(&[written]).unwrap()
    }

    #[test]
    fn equal_labels_add_up() {
        let series = [(["a"], 1.0), (["b"], 2.0), (["a"], 3.0)];
        assert_eq!(
            text(&ROW, series.into_iter().collect()),
            "# HELP g Things.\n# TYPE g gauge\ng{path=\"a\"} 4\ng{path=\"b\"} 2\n"
        );
    }

    #[test]
    fn counters_and_infos_are_written_as_prometheus_reads_them() {
        for (kind, word) in [(Kind::Counter, "counter"), (Kind::Info, "gauge")] {
            let row = Family { kind, ..ROW };
            let text = text(&row, [(["web"], 1.0)].into_iter().collect());
            assert!(text.ends_with(&format!("# TYPE g {word}\ng{{path=\"web\"}} 1\n")));
        }
    }

    #[test]
    fn a_histogram_has_the_buckets_of_its_row() {
        let row = Family {
            kind: Kind::Histogram(&[1.0, 60.0]),
            ..ROW
        };
        let observed = [(["web"], 0.5), (["web"], 1.0), (["web"], 90.0)];
        assert_eq!(
            text(&row, Series::observed(observed.into_iter())),
            "# HELP g Things.\n# TYPE g histogram\n\
             g_bucket{path=\"web\",le=\"1\"} 2\n\
             g_bucket{path=\"web\",le=\"60\"} 2\n\
             g_bucket{path=\"web\",le=\"+Inf\"} 3\n\
             g_sum{path=\"web\"} 91.5\n\
             g_count{path=\"web\"} 3\n"
        );
    }
}
