//! Where webhooks may go: over https to public hosts, and to the networks that the operator opens.
//!
//! A URL is judged twice. By itself, the same way whenever it is stored or used; and by the addresses that its name has,
//! within the connector, so that what was checked is what is connected to.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// The usual port, and those on which gateways commonly speak https. On any other, a webhook would be a way to speak to
/// whatever listens there.
const HTTPS_PORTS: [u16; 4] = [443, 4443, 8443, 9443];
/// The ports that come with http.
const HTTP_PORTS: [u16; 2] = [80, 8080];

/// What of IPv4 is not public (IANA's special-purpose registry), and what is public only by its number.
const INSIDE_V4: [Ipv4Net; 16] = [
    v4([0, 0, 0, 0], 8),        // this host
    v4([10, 0, 0, 0], 8),       // private
    v4([100, 64, 0, 0], 10),    // shared
    v4([127, 0, 0, 0], 8),      // loopback
    v4([168, 63, 129, 16], 32), // Azure's host, which answers only from within
    v4([169, 254, 0, 0], 16),   // link-local, the clouds' metadata among it
    v4([172, 16, 0, 0], 12),    // private
    v4([192, 0, 0, 0], 24),     // protocol assignments
    v4([192, 0, 2, 0], 24),     // documentation
    v4([192, 88, 99, 0], 24),   // relays of 6to4
    v4([192, 168, 0, 0], 16),   // private
    v4([198, 18, 0, 0], 15),    // benchmarks
    v4([198, 51, 100, 0], 24),  // documentation
    v4([203, 0, 113, 0], 24),   // documentation
    v4([224, 0, 0, 0], 4),      // multicast
    v4([240, 0, 0, 0], 4),      // reserved, and broadcast
];

/// All of IPv6 that can be public. Loopback, unique-local, link-local and multicast are outside of it, and so is IPv4
/// within IPv6 but for 6to4 and Teredo: mapped, compatible, translated (SIIT) and NAT64.
const PUBLIC_V6: Ipv6Net = v6(0x2000, 0, 3);
/// What of that is not.
const INSIDE_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 23),      // protocol assignments: Teredo, benchmarks, ORCHID
    v6(0x2001, 0x0db8, 32), // documentation
    v6(0x2002, 0, 16),      // 6to4
    v6(0x3fff, 0, 20),      // documentation
];

/// Endings of names that no public host has (RFC 6761, RFC 6762 with its appendix G, RFC 8375, and ICANN's `internal`).
const INSIDE_ENDINGS: [&str; 10] =
    ["arpa", "corp", "home", "internal", "intranet", "lan", "local", "localdomain", "localhost", "private"];

const fn v4(octets: [u8; 4], prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix)
}

const fn v6(first: u16, second: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0), prefix)
}

/// The one answer to a URL that may not be reached. It never says why, so that nobody learns from it what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the URL may not be reached from here: it must be https to a public host")]
pub struct Forbidden;

/// What a URL may reach, as far as the URL alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every public address and the networks that were opened.
    Public,
    /// Only the networks that were opened.
    Opened,
}

/// What webhooks may reach.
#[derive(Debug, Clone)]
pub struct EgressRules {
    allowed: Vec<IpNet>,
    allow_http: bool,
    ports: Vec<u16>,
}

impl EgressRules {
    /// Https to public hosts on the ports 443, 4443, 8443 and 9443, and nothing else.
    pub fn strict() -> Self {
        Self { allowed: vec![], allow_http: false, ports: HTTPS_PORTS.to_vec() }
    }

    /// Opens networks: the addresses in them may be reached whatever they are, over http too and on any port, because
    /// operators and tests have receivers there on ports that the system picks. An IPv4 network covers its addresses as
    /// they are mapped into IPv6. A name may have http, an unusual port or an ending from inside if all its addresses
    /// are in these networks.
    pub fn allow_networks(mut self, networks: Vec<IpNet>) -> Self {
        self.allowed.extend(networks);
        self
    }

    /// Allows http as well as https to public hosts, and with it the ports 80 and 8080.
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self.ports.extend(HTTP_PORTS);
        self
    }

    /// Judges a URL by itself. The address of a name is not known here; [`EgressRules::check_all`] judges it when it is.
    pub fn check_url(&self, url: &Url) -> Result<(), Forbidden> {
        self.reach(url).map(drop)
    }

    /// Judges one address.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Forbidden> {
        if self.is_opened(address) || is_public(address) { Ok(()) } else { Err(Forbidden) }
    }

    /// Judges all addresses of a name. One that is forbidden forbids the name, for nobody can tell which of them would
    /// be connected to; and so does having none.
    pub fn check_all(&self, addresses: &[SocketAddr]) -> Result<(), Forbidden> {
        self.check_reached(Reach::Public, addresses)
    }

    /// Judges all addresses of the name in a URL that has this reach.
    pub(crate) fn check_reached(&self, reach: Reach, addresses: &[SocketAddr]) -> Result<(), Forbidden> {
        let may_be_reached = |address: &SocketAddr| match reach {
            Reach::Public => self.check_address(address.ip()).is_ok(),
            Reach::Opened => self.is_opened(address.ip()),
        };
        if !addresses.is_empty() && addresses.iter().all(may_be_reached) { Ok(()) } else { Err(Forbidden) }
    }

    /// What a URL may reach, if it may reach anything. A URL has been through the WHATWG's parser, so a literal address
    /// is one here in whatever way it was spelled.
    pub(crate) fn reach(&self, url: &Url) -> Result<Reach, Forbidden> {
        let has_usual_scheme = match url.scheme() {
            "https" => true,
            "http" => self.allow_http,
            _ => return Err(Forbidden),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden);
        }
        let port = url.port_or_known_default().ok_or(Forbidden)?;
        let is_usual = has_usual_scheme && self.ports.contains(&port);
        match url.host().ok_or(Forbidden)? {
            Host::Domain(name) => self.reach_by_name(name, is_usual),
            Host::Ipv4(address) => self.reach_by_address(address.into(), is_usual),
            Host::Ipv6(address) => self.reach_by_address(address.into(), is_usual),
        }
    }

    fn reach_by_name(&self, name: &str, is_usual: bool) -> Result<Reach, Forbidden> {
        // One dot at the end is the root, and means the same name.
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.split('.').any(str::is_empty) {
            return Err(Forbidden);
        }
        if is_usual && !is_inside(name) {
            return Ok(Reach::Public);
        }
        if self.allowed.is_empty() { Err(Forbidden) } else { Ok(Reach::Opened) }
    }

    fn reach_by_address(&self, address: IpAddr, is_usual: bool) -> Result<Reach, Forbidden> {
        if self.is_opened(address) {
            return Ok(Reach::Opened);
        }
        if is_usual && is_public(address) { Ok(Reach::Public) } else { Err(Forbidden) }
    }

    fn is_opened(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address) || network.contains(&canonical))
    }
}

/// Whether a name is from inside by how it looks: a single label, which is looked up in the search domains of this
/// machine, or an ending that the public DNS does not have.
fn is_inside(name: &str) -> bool {
    name.rsplit_once('.').is_none_or(|(_, ending)| INSIDE_ENDINGS.contains(&ending))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !INSIDE_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            PUBLIC_V6.contains(&address) && !INSIDE_V6.iter().any(|network| network.contains(&address))
        }
    }
}
