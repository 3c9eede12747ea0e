//! SNMP: the discovery that every v3 agent answers (RFC 3414 section 4), and one GetRequest with a configured credential
//! (RFC 3416). The messages are made here, so that a plan can show them; `user.rs` adds what v3 does to them.
//! It does not guess credentials, walk tables, set anything or repeat a datagram.
//! Invariant: one datagram out, one in; an answer that does not carry our number is no answer.

use super::{NoAnswer, in_time, words};
use daicho_schemas::text::printable;
use serde::{Deserialize, Serialize};
use snmp2::asn1::TYPE_SEQUENCE;
use snmp2::{AsnReader, Error, MessageType, Pdu, Value, Version};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::net::UdpSocket;
use yasna::models::ObjectIdentifier;
use yasna::{DERWriterSeq, Tag};

/// The number of every request of ours: `DAIC` in ASCII, so that a capture shows who asked.
pub const REQUEST_NUMBER: u32 = 0x4441_4943;
/// The largest answer that is taken, in bytes; five short texts have under 1,000.
pub const ANSWER_BYTES_MAX: usize = 4096;
/// What we say that we can take (RFC 3412: at least 484).
const MESSAGE_BYTES_MAX: u32 = 4096;
/// An engine id has 5 to 32 bytes (RFC 3411).
const ENGINE_BYTES: std::ops::RangeInclusive<usize> = 5..=32;

const GET_REQUEST: u64 = 0;

/// sysDescr, sysObjectID, sysName (RFC 3418); entPhysicalFirmwareRev, entPhysicalSerialNum of the chassis (RFC 6933).
const OBJECTS: [&[u64]; 5] = [
    &[1, 3, 6, 1, 2, 1, 1, 1, 0],
    &[1, 3, 6, 1, 2, 1, 1, 2, 0],
    &[1, 3, 6, 1, 2, 1, 1, 5, 0],
    &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 9, 1],
    &[1, 3, 6, 1, 2, 1, 47, 1, 1, 1, 1, 11, 1],
];

/// Who an SNMPv3 agent says it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// The engine id, in hexadecimal.
    pub engine_id: String,
    /// The enterprise number in it (IANA): who made the SNMP agent, which need not be who made the device.
    pub enterprise: u32,
    /// The hardware address in it, `aa:bb:cc:dd:ee:ff`, where it is made from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// How often it has restarted, and since when: needed for the next request, and not kept.
    #[serde(skip)]
    pub clock: (i64, i64),
}

/// What a GetRequest brought. What the device does not have is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Values {
    /// sysDescr.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// sysObjectID, dotted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_id: Option<String>,
    /// sysName.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// entPhysicalFirmwareRev.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// entPhysicalSerialNum.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// Sends one datagram and takes the first answer of that address and port.
///
/// # Errors
/// [`NoAnswer`] when none comes in time.
pub async fn exchange(address: IpAddr, port: u16, message: &[u8]) -> Result<Vec<u8>, NoAnswer> {
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    // Connected: the kernel drops what others send, and tells us when the port is closed.
    socket.connect(SocketAddr::new(address, port)).await?;
    in_time(async {
        socket.send(message).await?;
        let mut answer = vec![0; ANSWER_BYTES_MAX];
        let count = socket.recv(&mut answer).await?;
        answer.truncate(count);
        Ok(answer)
    })
    .await
}

/// The discovery datagram: an empty GetRequest of nobody to an unknown engine.
pub fn discovery() -> Vec<u8> {
    v3(&[], &[], false)
}

/// A v3 message without authentication: to `engine`, for the objects or for none.
pub(super) fn v3(engine: &[u8], user: &[u8], objects: bool) -> Vec<u8> {
    let security = yasna::construct_der(|writer| {
        writer.write_sequence(|parameters| {
            parameters.next().write_bytes(engine);
            parameters.next().write_u32(0); // boots
            parameters.next().write_u32(0); // time
            parameters.next().write_bytes(user);
            parameters.next().write_bytes(&[]); // authentication
            parameters.next().write_bytes(&[]); // privacy
        });
    });
    yasna::construct_der(|writer| {
        writer.write_sequence(|message| {
            message.next().write_u32(3);
            message.next().write_sequence(|header| {
                header.next().write_u32(REQUEST_NUMBER);
                header.next().write_u32(MESSAGE_BYTES_MAX);
                header.next().write_bytes(&[4]); // reportable
                header.next().write_u32(3); // USM
            });
            message.next().write_bytes(&security);
            message.next().write_sequence(|scoped| {
                scoped.next().write_bytes(engine);
                scoped.next().write_bytes(&[]);
                get_request(scoped, objects);
            });
        });
    })
}

/// A v2c GetRequest with a community.
pub fn v2c(community: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|message| {
            message.next().write_u32(1);
            message.next().write_bytes(community);
            get_request(message, true);
        });
    })
}

fn get_request(writer: &mut DERWriterSeq<'_>, objects: bool) {
    writer.next().write_tagged_implicit(Tag::context(GET_REQUEST), |writer| {
        writer.write_sequence(|request| {
            request.next().write_u32(REQUEST_NUMBER);
            request.next().write_u32(0);
            request.next().write_u32(0);
            request.next().write_sequence(|list| {
                for object in OBJECTS.iter().filter(|_| objects) {
                    list.next().write_sequence(|pair| {
                        pair.next().write_oid(&ObjectIdentifier::from_slice(object));
                        pair.next().write_null();
                    });
                }
            });
        });
    });
}

/// Reads the answer to [`discovery`]. It is one of everybody to nobody, so only our number ties it to the question.
pub fn read_engine(bytes: &[u8]) -> Option<Engine> {
    let (engine, clock) = guarded(|| {
        let mut message = AsnReader::from_bytes(AsnReader::from_bytes(bytes).read_raw(TYPE_SEQUENCE)?);
        let version = message.read_asn_integer()?;
        let number = AsnReader::from_bytes(message.read_raw(TYPE_SEQUENCE)?).read_asn_integer()?;
        if (version, number) != (3, i64::from(REQUEST_NUMBER)) {
            return Err(Error::RequestIdMismatch);
        }
        let parameters = message.read_asn_octetstring()?;
        let mut parameters = AsnReader::from_bytes(AsnReader::from_bytes(parameters).read_raw(TYPE_SEQUENCE)?);
        let engine = parameters.read_asn_octetstring()?;
        Ok((engine.to_vec(), (parameters.read_asn_integer()?, parameters.read_asn_integer()?)))
    })
    .ok()?;
    engine_of(&engine, clock)
}

/// What an engine id says (RFC 3411, SnmpEngineID).
fn engine_of(id: &[u8], clock: (i64, i64)) -> Option<Engine> {
    let whole =
        ENGINE_BYTES.contains(&id.len()) && id.iter().any(|byte| *byte != 0) && id.iter().any(|byte| *byte != 0xff);
    let (first, rest) = id.split_first_chunk::<4>().filter(|_| whole)?;
    let number = u32::from_be_bytes(*first);
    let (format, value) = rest.split_first()?;
    let is_new = number & 0x8000_0000 != 0;
    let mac = match value {
        [a, b, c, d, e, f] if is_new && *format == 3 => {
            Some(format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"))
        }
        _ => None,
    };
    Some(Engine { engine_id: hex::encode(id), enterprise: number & 0x7fff_ffff, mac, clock })
}

/// Reads the answer to [`v2c`].
pub fn read_v2c(bytes: &[u8], community: &[u8]) -> Option<Values> {
    guarded(|| {
        let message = Pdu::from_bytes(bytes)?;
        if message.community != community || message.version()? != Version::V2C {
            return Err(Error::CommunityMismatch);
        }
        Values::of(message)
    })
    .ok()
}

/// The library counts with what strangers send, and may stop at a sum that overflows.
pub(super) fn guarded<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Error::ValueOutOfRange))
}

impl Values {
    /// The values of a response to our request. "No such object" is a value of its own sort, and stays absent.
    pub(super) fn of(message: Pdu<'_>) -> Result<Self, Error> {
        let ours = i64::from(message.req_id) == i64::from(REQUEST_NUMBER);
        if message.message_type != MessageType::Response || !ours || message.error_status != 0 {
            return Err(Error::RequestIdMismatch);
        }
        let mut values = Self::default();
        for (name, value) in message.varbinds.take(OBJECTS.len()) {
            let Some(object) = name.iter().map(Iterator::collect::<Vec<u64>>) else { continue };
            match value {
                Value::OctetString(text) => values.put(&object, text),
                Value::ObjectIdentifier(id) => values.put(&object, id.to_id_string().as_bytes()),
                _ => {}
            }
        }
        Ok(values)
    }

    /// Files a value under the object that was asked for; anything else was not asked for.
    fn put(&mut self, object: &[u64], value: &[u8]) {
        let places = [&mut self.description, &mut self.object_id, &mut self.name, &mut self.firmware, &mut self.serial];
        for (place, asked) in places.into_iter().zip(OBJECTS) {
            if asked == object {
                *place = words(value);
            }
        }
    }

    /// Whether anything came.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Engine {
    /// The engine id as bytes.
    pub(super) fn id(&self) -> Vec<u8> {
        hex::decode(&self.engine_id).unwrap_or_default()
    }
}

/// An error of the library that knows v3, without anything of the message in it.
pub(super) fn said(error: impl std::fmt::Display) -> String {
    printable(&error.to_string()).chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3414 section 4: no user, no engine, no objects, reportable.
    #[test]
    fn the_discovery_is_what_the_standard_says() {
        let expected = "303d020103301002044441494302021000040104020103\
                        0410300e0400020100020100040004000400\
                        3014040004 00a00e0204444149430201000201003000";
        assert_eq!(hex::encode(discovery()), expected.replace(' ', ""));
    }

    fn report(engine: &[u8]) -> Vec<u8> {
        v3(engine, b"", false)
    }

    #[test]
    fn an_engine_id_names_who_made_the_agent() {
        let yamaha = [0x80, 0, 0x04, 0x9e, 3, 0, 0xa0, 0xde, 1, 2, 3];
        let engine = read_engine(&report(&yamaha)).unwrap();
        assert_eq!((engine.enterprise, engine.mac.as_deref()), (1182, Some("00:a0:de:01:02:03")));
        let old = [0, 0, 0, 9, 3, 1, 2, 3, 4, 5, 6, 7];
        let engine = read_engine(&report(&old)).unwrap();
        assert_eq!((engine.enterprise, engine.mac), (9, None));
        for none in [&[][..], &[0x80, 0, 0, 9], &[0; 12], &[0xff; 8], &[1; 33]] {
            assert_eq!(read_engine(&report(none)), None, "{none:?}");
        }
    }

    #[test]
    fn an_answer_carries_our_number_and_community_or_is_none() {
        let answer = |number: u32, community: &[u8]| {
            yasna::construct_der(|writer| {
                writer.write_sequence(|message| {
                    message.next().write_u32(1);
                    message.next().write_bytes(community);
                    message.next().write_tagged_implicit(Tag::context(2), |writer| {
                        writer.write_sequence(|response| {
                            response.next().write_u32(number);
                            response.next().write_u32(0);
                            response.next().write_u32(0);
                            response.next().write_sequence(|list| {
                                list.next().write_sequence(|pair| {
                                    pair.next().write_oid(&ObjectIdentifier::from_slice(OBJECTS[0]));
                                    pair.next().write_bytes(b"RTX1210 Rev.14.01.42\x07");
                                });
                                list.next().write_sequence(|pair| {
                                    pair.next().write_oid(&ObjectIdentifier::from_slice(OBJECTS[1]));
                                    pair.next()
                                        .write_oid(&ObjectIdentifier::from_slice(&[1, 3, 6, 1, 4, 1, 1182, 1, 33]));
                                });
                                list.next().write_sequence(|pair| {
                                    pair.next().write_oid(&ObjectIdentifier::from_slice(OBJECTS[4]));
                                    pair.next().write_tagged_implicit(Tag::context(0), |writer| writer.write_null());
                                });
                            });
                        });
                    });
                });
            })
        };
        let good = answer(REQUEST_NUMBER, b"EXAMPLE-SECRET-1");
        let values = read_v2c(&good, b"EXAMPLE-SECRET-1").unwrap();
        assert_eq!(values.description.as_deref(), Some("RTX1210 Rev.14.01.42\u{fffd}"));
        assert_eq!((values.object_id.as_deref(), values.serial), (Some("1.3.6.1.4.1.1182.1.33"), None));
        assert_eq!(read_v2c(&answer(7, b"EXAMPLE-SECRET-1"), b"EXAMPLE-SECRET-1"), None);
        assert_eq!(read_v2c(&good, b"other"), None);
        for end in 0..good.len() {
            assert_eq!(read_v2c(&good[..end], b"EXAMPLE-SECRET-1"), None);
            read_engine(&good[..end]);
        }
    }
}
