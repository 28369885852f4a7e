//! Reads the configuration of reminders: a YAML file with channels, their addresses, and the teams and
//! paths that use them. An error names the line and a valid value.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::endpoint::{Address, Endpoint, PayloadFormat, url};
use super::error::{Error, Result};
use crate::assess::reminders::{ChannelRoutes, Daily, DryRun, Mode, ReminderSettings};

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// When reminders are due, and which channel each goes to.
    pub settings: ReminderSettings,
    /// The address of each channel.
    pub endpoints: BTreeMap<Arc<str>, Endpoint>,
    /// Where the Platform Wins digest goes.
    pub wins: WinsChannels,
}

/// The channels of the Platform Wins digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WinsChannels {
    /// The product manager's, for drafts.
    pub draft: Arc<str>,
    /// The organisation's, if there is one.
    pub publish: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    #[serde(default)]
    mode: When,
    at: Option<Spanned<String>>,
    time_zone: Option<Spanned<String>>,
    default: Spanned<String>,
    platform: Option<Spanned<String>>,
    #[serde(default)]
    teams: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    paths: BTreeMap<String, Spanned<String>>,
    channels: BTreeMap<String, Spanned<Channel>>,
    changelog: Option<Spanned<String>>,
    dry_run_days: Option<u16>,
    dry_run_until: Option<Spanned<String>>,
    #[serde(default)]
    wins: Wins,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wins {
    draft: Option<Spanned<String>>,
    publish: Option<Spanned<String>>,
}

#[derive(Deserialize, Clone, Copy, Default, PartialEq)]
#[serde(rename_all = "lowercase")]
enum When {
    #[default]
    Daily,
    Immediate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Channel {
    url: Option<String>,
    url_file: Option<PathBuf>,
    #[serde(default)]
    format: PayloadFormat,
}

/// The days of a dry run where the file names none.
const DRY_RUN_DAYS: u16 = 14;

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or is invalid.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|source| Error::Unreadable {
            file: file.to_owned(),
            source,
        })?;
        let beside = file.parent().unwrap_or(Path::new(""));
        Self::parse(&text, beside).map_err(|message| Error::Invalid {
            file: file.to_owned(),
            message,
        })
    }

    /// Reads a text; relative files in it are relative to `beside`.
    ///
    /// # Errors
    /// A message with the line.
    pub fn parse(text: &str, beside: &Path) -> std::result::Result<Self, String> {
        let options = serde_saphyr::options! { with_snippet: false };
        let file: File = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| unreadable(&error))?;
        let routes = routes(&file)?;
        Ok(Self {
            wins: wins(&file, &routes)?,
            settings: ReminderSettings {
                mode: mode(&file)?,
                dry_run: dry_run(&file)?,
                routes,
            },
            endpoints: endpoints(&file, beside)?,
        })
    }
}

/// The parser's message without a snippet of the file, which may contain a secret.
fn unreadable(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let message = text.lines().next().unwrap_or_default().trim();
    match error.location() {
        Some(place) if !message.contains("line ") => format!("line {}: {message}", place.line()),
        Some(_) | None => message.to_owned(),
    }
}

fn at_line<T>(spanned: &Spanned<T>, message: impl std::fmt::Display) -> String {
    format!("line {}: {message}", spanned.referenced.line())
}

fn mode(file: &File) -> std::result::Result<Mode, String> {
    if file.mode == When::Immediate {
        return match file.at.as_ref().or(file.time_zone.as_ref()) {
            Some(useless) => Err(at_line(
                useless,
                "mode immediate has no time of sending: leave out at and timeZone",
            )),
            None => Ok(Mode::Immediate),
        };
    }
    let at = match &file.at {
        Some(at) => Time::strptime("%H:%M", &at.value).map_err(|_| {
            at_line(
                at,
                format!("at: '{}' is not a time of day, such as \"09:00\"", at.value),
            )
        })?,
        None => jiff::civil::time(9, 0, 0, 0),
    };
    let zone = match &file.time_zone {
        Some(zone) => TimeZone::get(&zone.value).map_err(|_| {
            let message = format!(
                "timeZone: '{}' is not a time zone, such as Europe/Berlin",
                zone.value
            );
            at_line(zone, message)
        })?,
        None => TimeZone::UTC,
    };
    Ok(Mode::Daily(Daily { at, zone }))
}

fn dry_run(file: &File) -> std::result::Result<DryRun, String> {
    match (&file.dry_run_until, file.dry_run_days) {
        (Some(until), Some(_)) => Err(at_line(
            until,
            "dryRunUntil and dryRunDays exclude each other: give one",
        )),
        (Some(until), None) => instant(&until.value).map(DryRun::Until).ok_or_else(|| {
            let message = format!(
                "dryRunUntil: '{}' is not a date, such as 2027-01-31",
                until.value
            );
            at_line(until, message)
        }),
        (None, days) => Ok(DryRun::Days(days.unwrap_or(DRY_RUN_DAYS))),
    }
}

/// RFC 3339, or a date, which begins at midnight UTC.
fn instant(text: &str) -> Option<Timestamp> {
    text.parse()
        .or_else(|_| format!("{text}T00:00:00Z").parse())
        .ok()
}

fn routes(file: &File) -> std::result::Result<ChannelRoutes, String> {
    // An exception may name one of these in `owner.contact`.
    let readers = file
        .channels
        .iter()
        .filter(|(_, channel)| channel.value.format.takes_reminders());
    let mut routes = ChannelRoutes {
        channels: readers.map(|(name, _)| Arc::from(name.as_str())).collect(),
        ..ChannelRoutes::default()
    };
    let known = |key: &str, name: &Spanned<String>| {
        let channel = channel(file, key, name)?;
        if routes.channels.contains(&channel) {
            return Ok(channel);
        }
        let message = format!(
            "{key}: the channel '{}' has the format teams, which is for the digest of wins alone",
            name.value
        );
        Err(at_line(name, message))
    };
    let each = |key: &str, map: &BTreeMap<String, Spanned<String>>| {
        let one = |(name, channel): (&String, &Spanned<String>)| {
            Ok((name.clone(), known(&format!("{key}.{name}"), channel)?))
        };
        map.iter()
            .map(one)
            .collect::<std::result::Result<_, String>>()
    };
    let default = known("default", &file.default)?;
    let platform = file.platform.as_ref();
    let platform = platform.map_or(Ok(default.clone()), |name| known("platform", name))?;
    let changelog = file.changelog.as_ref();
    let changelog = changelog.map(|name| known("changelog", name)).transpose()?;
    let (teams, paths) = (each("teams", &file.teams)?, each("paths", &file.paths)?);
    routes.default = default;
    routes.platform = platform;
    routes.teams = teams;
    routes.paths = paths;
    routes.changelog = changelog;
    Ok(routes)
}

/// The channel of this name.
fn channel(
    file: &File,
    key: &str,
    name: &Spanned<String>,
) -> std::result::Result<Arc<str>, String> {
    if file.channels.contains_key(&name.value) {
        return Ok(Arc::from(name.value.as_str()));
    }
    let names: Vec<&str> = file.channels.keys().map(String::as_str).collect();
    let message = format!(
        "{key}: there is no channel '{}' under channels, which has {}",
        name.value,
        names.join(", ")
    );
    Err(at_line(name, message))
}

fn wins(file: &File, routes: &ChannelRoutes) -> std::result::Result<WinsChannels, String> {
    let named = |key: &str, name: &Option<Spanned<String>>| {
        let name = name.as_ref().map(|name| channel(file, key, name));
        name.transpose()
    };
    Ok(WinsChannels {
        draft: named("wins.draft", &file.wins.draft)?.unwrap_or_else(|| routes.platform.clone()),
        publish: named("wins.publish", &file.wins.publish)?,
    })
}

fn endpoints(
    file: &File,
    beside: &Path,
) -> std::result::Result<BTreeMap<Arc<str>, Endpoint>, String> {
    let mut endpoints = BTreeMap::new();
    for (name, channel) in &file.channels {
        let mistake = |what: &str| at_line(channel, format!("channels.{name}: {what}"));
        let given = &channel.value;
        let address = match (&given.url, &given.url_file) {
            (Some(text), None) => Address::Url(url(text).map_err(mistake)?),
            (None, Some(path)) => Address::File(beside.join(path)),
            (Some(_), Some(_)) => {
                return Err(mistake("url and urlFile exclude each other: give one"));
            }
            (None, None) => return Err(mistake("no address: give url or urlFile")),
        };
        let format = given.format;
        endpoints.insert(Arc::from(name.as_str()), Endpoint { address, format });
    }
    Ok(endpoints)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "
mode: daily
at: \"08:30\"
timeZone: Europe/Berlin
default: platform
platform: platform
teams: {shop: shop}
paths: {web-service: web}
channels:
  platform: {urlFile: platform-url}
  shop: {url: 'https://hooks.slack.com/services/T/B/x'}
  web: {url: 'http://receiver.tools:8080/x', format: json}
dryRunDays: 7
";

    fn refusal(change: impl Fn(&str) -> String) -> String {
        Config::parse(&change(WHOLE), Path::new("/etc/x")).unwrap_err()
    }

    #[test]
    fn a_whole_configuration_is_read() {
        let config = Config::parse(WHOLE, Path::new("/etc/x")).unwrap();
        assert_eq!(config.settings.dry_run, DryRun::Days(7));
        assert!(config.settings.mode.is_daily());
        assert_eq!(&*config.settings.routes.teams["shop"], "shop");
        assert_eq!(config.endpoints["web"].format, PayloadFormat::Json);
        let beside = format!("{:?}", config.endpoints["platform"].address);
        assert_eq!(beside, "the URL in /etc/x/platform-url");
    }

    #[test]
    fn the_digest_of_wins_has_channels_of_its_own() {
        let more = "  hall: {url: 'https://example.com/x', format: teams}\ndryRunDays: 7\nwins: {draft: web, publish: hall}";
        let text = WHOLE.replace("dryRunDays: 7", more);
        let config = Config::parse(&text, Path::new("/etc/x")).unwrap();
        assert_eq!(&*config.wins.draft, "web");
        assert_eq!(config.wins.publish.as_deref(), Some("hall"));
        assert_eq!(config.endpoints["hall"].format, PayloadFormat::Teams);
        let readers = &config.settings.routes.channels;
        assert!(!readers.contains("hall"), "{readers:?}");
        assert_eq!(readers.len(), 3);
    }

    #[test]
    fn changelogs_have_a_channel_that_takes_reminders() {
        let text = WHOLE.replace("dryRunDays: 7", "changelog: web");
        let config = Config::parse(&text, Path::new("/etc/x")).unwrap();
        assert_eq!(config.settings.routes.changelog.as_deref(), Some("web"));
        let more = "  hall: {url: 'https://example.com/x', format: teams}\nchangelog: hall";
        let refused = refusal(|text| text.replace("dryRunDays: 7", more));
        let said = "line 14: changelog: the channel 'hall' has the format teams";
        assert!(refused.starts_with(said), "{refused}");
    }

    #[test]
    fn a_short_one_has_the_contracts_defaults() {
        let text = "default: all\nchannels: {all: {url: 'https://example.com/x'}}\n";
        let config = Config::parse(text, Path::new("")).unwrap();
        assert_eq!(config.settings.dry_run, DryRun::Days(14));
        let nine = jiff::civil::time(9, 0, 0, 0);
        let daily = Daily {
            at: nine,
            zone: TimeZone::UTC,
        };
        assert_eq!(config.settings.mode, Mode::Daily(daily));
        assert_eq!(&*config.settings.routes.platform, "all");
        assert_eq!(config.settings.routes.changelog, None);
        assert_eq!((&*config.wins.draft, config.wins.publish), ("all", None));
        assert_eq!(config.endpoints["all"].format, PayloadFormat::Slack);
    }

    /// Text, its replacement, the line the error names, and a part of the error.
    const MISTAKES: [(&str, &str, usize, &str); 16] = [
        ("mode:", "made:", 2, "made"),
        ("daily", "weekly", 2, "weekly"),
        ("08:30", "8 o'clock", 3, "not a time of day, such as"),
        ("Europe/Berlin", "Mars/Olympus", 4, "Europe/Berlin"),
        ("default: platform", "default: no", 5, "no channel 'no'"),
        ("{shop: shop}", "{shop: shpo}", 7, "teams.shop: there is no"),
        ("{web-service: web}", "{web: w}", 8, "paths.web"),
        (
            "{urlFile: platform-url}",
            "{}",
            10,
            "channels.platform: no address",
        ),
        (
            "'https://hooks",
            "'hooks",
            11,
            "channels.shop: this is not a URL",
        ),
        ("format: json", "format: xml", 12, "xml"),
        (
            "format: json",
            "format: teams",
            8,
            "the digest of wins alone",
        ),
        (
            "dryRunDays: 7",
            "wins: {publish: all-hands}",
            13,
            "wins.publish: there is no channel",
        ),
        (
            "dryRunDays: 7",
            "changelog: news",
            13,
            "changelog: there is no channel 'news'",
        ),
        ("dryRunDays: 7", "dryRunDays: -1", 13, ""),
        ("dryRunDays: 7", "dryRunUntil: soon", 13, "not a date"),
        ("dryRunDays: 7", "dryRunDay: 7", 13, "dryRunDay"),
    ];

    #[test]
    fn a_mistake_is_said_with_its_line_and_what_would_be_right() {
        for (from, to, line, said) in MISTAKES {
            let refused = refusal(|text| text.replacen(from, to, 1));
            assert!(refused.contains(&format!("line {line}")), "{to}: {refused}");
            assert!(refused.contains(said), "{to}: {refused}");
        }
    }

    #[test]
    fn a_mistake_does_not_give_a_secret_away() {
        let refused = refusal(|text| text.replace("url: 'https://hooks", "uri: 'https://hooks"));
        assert!(!refused.contains("slack.com"), "{refused}");
        let refused = refusal(|text| text.replace("'https://hooks", "'ftp://hooks"));
        assert!(!refused.contains("hooks"), "{refused}");
    }
}
