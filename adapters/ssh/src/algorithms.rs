//! Which algorithms are offered, in which order.

use std::borrow::Cow;

use russh::{
    Names, Preferred, cipher,
    client::{Config, GexParams},
    kex,
    keys::{Algorithm, HashAlg},
    mac,
};

use super::SshOptions;

/// What only `legacy_algorithms` offers, beside host keys ([`is_legacy`]).
const OLD_KEX: [kex::Name; 3] = [kex::DH_GEX_SHA1, kex::DH_G14_SHA1, kex::DH_G1_SHA1];
const OLD_CIPHERS: [cipher::Name; 4] =
    [cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC, cipher::TRIPLE_DES_CBC];
const OLD_MACS: [mac::Name; 2] = [mac::HMAC_SHA1_ETM, mac::HMAC_SHA1];

/// Keepalives without an answer before the connection is given up.
const KEEPALIVES: usize = 3;

/// Packets of a channel, of up to 32 KiB, that may wait to be read: until then nobody counts them.
const WAITING: usize = 64;

/// The configuration of one connection. Host key algorithms in `known` come
/// first: a device has several keys, and another one than the known one would
/// look like an unknown host. Those in `without` are not offered.
pub(super) fn config(options: &SshOptions, known: &[Algorithm], without: &[Algorithm]) -> Config {
    Config {
        preferred: preferred(options.legacy_algorithms, known, without),
        // Larger groups cost seconds of computing on a worker thread.
        gex: GexParams::new(2048, 3072, 4096).unwrap_or_default(),
        keepalive_interval: options.keepalive_interval,
        keepalive_max: KEEPALIVES,
        nodelay: true,
        channel_buffer_size: WAITING,
        ..Config::default()
    }
}

/// Whether there are host key algorithms beside these.
pub(super) fn is_any_left(options: &SshOptions, without: &[Algorithm]) -> bool {
    !preferred(options.legacy_algorithms, &[], without).key.is_empty()
}

fn preferred(legacy: bool, known: &[Algorithm], without: &[Algorithm]) -> Preferred {
    let defaults = Preferred::default();
    let mut kex = defaults.kex.to_vec();
    // Safe, fast, and all that some switches offer.
    let curves = [kex::ECDH_SHA2_NISTP256, kex::ECDH_SHA2_NISTP384, kex::ECDH_SHA2_NISTP521];
    let finite = kex.iter().position(|name| *name == kex::DH_GEX_SHA256).unwrap_or(kex.len());
    kex.splice(finite..finite, curves);
    let mut cipher = defaults.cipher.to_vec();
    cipher.push(cipher::AES_128_GCM);
    let mut mac = defaults.mac.to_vec();
    let mut key = defaults.key.to_vec();
    key.retain(|algorithm| !is_legacy(algorithm));
    if legacy {
        kex.extend(OLD_KEX);
        cipher.extend(OLD_CIPHERS);
        mac.extend(OLD_MACS);
        key.extend([Algorithm::Rsa { hash: None }, Algorithm::Dsa]);
    }
    key.retain(|algorithm| !without.iter().any(|without| same_key_type(without, algorithm)));
    key.sort_by_key(|algorithm| !known.iter().any(|known| same_key_type(known, algorithm)));
    Preferred {
        kex: Cow::Owned(kex),
        cipher: Cow::Owned(cipher),
        mac: Cow::Owned(mac),
        key: Cow::Owned(key),
        ..defaults
    }
}

/// Of what was agreed, what only `legacy_algorithms` offers.
pub(super) fn old(agreed: &Names) -> Vec<String> {
    let mut old = Vec::new();
    old.extend(OLD_KEX.contains(&agreed.kex).then(|| agreed.kex.as_ref().to_owned()));
    old.extend(is_legacy(&agreed.key).then(|| agreed.key.to_string()));
    old.extend(OLD_CIPHERS.contains(&agreed.cipher).then(|| agreed.cipher.as_ref().to_owned()));
    let macs = [agreed.client_mac, agreed.server_mac];
    old.extend(macs.into_iter().find(|mac| OLD_MACS.contains(mac)).map(|mac| mac.as_ref().to_owned()));
    old
}

fn is_legacy(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { hash: None } | Algorithm::Dsa)
}

/// One RSA key serves all its signature hashes.
fn same_key_type(a: &Algorithm, b: &Algorithm) -> bool {
    a == b || matches!((a, b), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. }))
}

/// The signature hashes to try with an RSA key, best first. What the server
/// announced comes first but is not believed: some accept less than they say.
/// SHA-1 (`None`) is legacy.
pub(super) fn rsa_hashes(announced: Option<Option<HashAlg>>, legacy: bool) -> Vec<Option<HashAlg>> {
    let mut hashes = vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256), None];
    hashes.retain(|hash| legacy || hash.is_some());
    hashes.sort_by_key(|hash| announced != Some(*hash));
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(preferred: &Preferred) -> String {
        let kex = preferred.kex.iter().map(|n| n.as_ref().to_owned());
        let cipher = preferred.cipher.iter().map(|n| n.as_ref().to_owned());
        let mac = preferred.mac.iter().map(|n| n.as_ref().to_owned());
        let key = preferred.key.iter().map(ToString::to_string);
        kex.chain(cipher).chain(mac).chain(key).collect::<Vec<_>>().join(" ") + " "
    }

    #[test]
    fn weak_algorithms_are_offered_only_when_asked_for() {
        let weak = ["group1-sha1 ", "group14-sha1 ", "exchange-sha1 ", "-cbc ", "hmac-sha1 ", "ssh-dss ", "ssh-rsa "];
        let (modern, legacy) = (names(&preferred(false, &[], &[])), names(&preferred(true, &[], &[])));
        for name in weak {
            assert!(!modern.contains(name), "{name}");
            assert!(legacy.contains(name), "{name}");
        }
    }

    #[test]
    fn what_plain_switches_offer_is_in_the_defaults() {
        let modern = names(&preferred(false, &[], &[]));
        for name in ["ecdh-sha2-nistp256 ", "ecdh-sha2-nistp521 ", "aes128-gcm@openssh.com ", "rsa-sha2-256 "] {
            assert!(modern.contains(name), "{name}");
        }
    }

    #[test]
    fn host_key_algorithms_that_are_known_come_first() {
        let rsa = [Algorithm::Rsa { hash: None }];
        let order = preferred(false, &rsa, &[]).key.to_vec();
        assert_eq!(order[0], Algorithm::Rsa { hash: Some(HashAlg::Sha512) });
        assert_eq!(order[1], Algorithm::Rsa { hash: Some(HashAlg::Sha256) });
        assert_eq!(order[2], Algorithm::Ed25519);
        assert_eq!(order.len(), preferred(false, &[], &[]).key.len());
    }

    #[test]
    fn rsa_signatures_fall_back_to_sha1_only_for_legacy_devices() {
        let (sha512, sha256) = (Some(HashAlg::Sha512), Some(HashAlg::Sha256));
        assert_eq!(rsa_hashes(None, false), [sha512, sha256]);
        assert_eq!(rsa_hashes(Some(sha256), false), [sha256, sha512]);
        assert_eq!(rsa_hashes(Some(None), true), [None, sha512, sha256]);
        assert_eq!(rsa_hashes(Some(None), false), [sha512, sha256]);
    }
}
