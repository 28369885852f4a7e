//! The functions of URLs, IP addresses and networks.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Builtin, Context, no_overload};
use crate::value::{Cidr, EvalResult, Fault, MapBuilder, Object, Url, Value, ip};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("url", 1, false) => to_url,
        ("isURL", 1, false) => is_url,
        ("getScheme", 1, true) => |_, args| url_part(args, |url| url.scheme.clone()),
        ("getHost", 1, true) => |_, args| url_part(args, |url| url.host.clone()),
        ("getHostname", 1, true) => |_, args| url_part(args, |url| url.hostname().into()),
        ("getPort", 1, true) => |_, args| url_part(args, |url| url.port().into()),
        ("getEscapedPath", 1, true) => |_, args| url_part(args, Url::escaped_path),
        ("getQuery", 1, true) => query,
        ("ip", 1, false) => to_ip,
        ("ip", 1, true) => address_of,
        ("isIP", 1, false) => is_ip,
        ("ip.isCanonical", 1, false) => is_canonical,
        ("family", 1, true) => family,
        ("isUnspecified", 1, true) => |_, args| about(args, |ip| ip.is_unspecified()),
        ("isLoopback", 1, true) => |_, args| about(args, |ip| ip.is_loopback()),
        ("isLinkLocalMulticast", 1, true) => |_, args| about(args, ip::is_link_local_multicast),
        ("isLinkLocalUnicast", 1, true) => |_, args| about(args, ip::is_link_local_unicast),
        ("isGlobalUnicast", 1, true) => |_, args| about(args, ip::is_global_unicast),
        ("cidr", 1, false) => to_cidr,
        ("isCIDR", 1, false) => is_cidr,
        ("containsIP", 2, true) => contains_ip,
        ("containsCIDR", 2, true) => contains_cidr,
        ("masked", 1, true) => masked,
        ("prefixLength", 1, true) => prefix_length,
        _ => return None,
    };
    Some(function)
}

fn to_url<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_text(text.len())?;
    context.meter.hold(2 * text.len())?;
    let url = Url::parse(text).map_err(|why| {
        Fault::error(format!(
            "URL parse error during conversion from string: {why}"
        ))
    })?;
    Ok(Value::Object(Object::Url(Arc::new(url))))
}

fn is_url<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::String(text)] = args else {
        return no_overload();
    };
    context.meter.charge_text(text.len())?;
    Ok(Value::Bool(Url::validate(text).is_ok()))
}

fn url_part<'a>(args: &[Value<'a>], part: impl Fn(&Url) -> String) -> EvalResult<'a> {
    match args {
        [Value::Object(Object::Url(url))] => Ok(Value::text(part(url))),
        _ => no_overload(),
    }
}

fn query<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::Object(Object::Url(url))] = args else {
        return no_overload();
    };
    context.meter.hold(url.query_bytes())?;
    let parameters = url.parameters();
    context.meter.charge_elements(parameters.len())?;
    let mut names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut map = MapBuilder::default();
    for name in names {
        context.meter.charge(parameters.len() as u64)?;
        let same = parameters.iter().filter(|(key, _)| key == name);
        let values = same.map(|(_, value)| Value::text(value.as_str())).collect();
        map.set(Value::text(name), Value::list(values));
    }
    Ok(map.finish())
}

fn parse_ip(value: &Value) -> Result<IpAddr, Fault> {
    match value {
        Value::String(text) => ip::parse(text).map_err(Fault::error),
        _ => Err(Fault::no_overload()),
    }
}

fn parse_cidr(value: &Value) -> Result<Cidr, Fault> {
    match value {
        Value::String(text) => Cidr::parse(text).map_err(Fault::error),
        _ => Err(Fault::no_overload()),
    }
}

fn to_ip<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    parse_ip(&args[0]).map(|address| Value::Object(Object::Ip(address)))
}

fn is_ip<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => Ok(Value::Bool(ip::parse(text).is_ok())),
        _ => no_overload(),
    }
}

fn is_canonical<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => {
            let shown = ip::parse(text).map_err(Fault::error)?.to_string();
            Ok(Value::Bool(shown == **text))
        }
        _ => no_overload(),
    }
}

fn about<'a>(args: &[Value<'a>], holds: impl Fn(IpAddr) -> bool) -> EvalResult<'a> {
    match args {
        [Value::Object(Object::Ip(address))] => Ok(Value::Bool(holds(*address))),
        _ => no_overload(),
    }
}

fn family<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Object(Object::Ip(address))] => {
            Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 }))
        }
        _ => no_overload(),
    }
}

fn to_cidr<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    parse_cidr(&args[0]).map(|network| Value::Object(Object::Cidr(network)))
}

fn is_cidr<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => Ok(Value::Bool(Cidr::parse(text).is_ok())),
        _ => no_overload(),
    }
}

fn contains_ip<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::Object(Object::Cidr(network)), address] = args else {
        return no_overload();
    };
    let address = match address {
        Value::Object(Object::Ip(address)) => *address,
        other => parse_ip(other)?,
    };
    Ok(Value::Bool(network.contains(address)))
}

fn contains_cidr<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::Object(Object::Cidr(network)), other] = args else {
        return no_overload();
    };
    let other = match other {
        Value::Object(Object::Cidr(other)) => *other,
        other => parse_cidr(other)?,
    };
    Ok(Value::Bool(network.covers(&other)))
}

fn network(args: &[Value]) -> Result<Cidr, Fault> {
    match args {
        [Value::Object(Object::Cidr(network))] => Ok(*network),
        _ => Err(Fault::no_overload()),
    }
}

fn address_of<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Object(Object::Ip(network(args)?.address)))
}

fn masked<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Object(Object::Cidr(network(args)?.masked())))
}

fn prefix_length<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Int(i64::from(network(args)?.bits)))
}
