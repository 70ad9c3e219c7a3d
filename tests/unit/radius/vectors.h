/* SPDX-License-Identifier: ISC */
/*
 * Packets that were checked against FreeRADIUS, hostapd and tshark when they
 * were made. The shared secret is SECRET everywhere.
 */
#ifndef HK_TESTS_RADIUS_VECTORS_H
#define HK_TESTS_RADIUS_VECTORS_H

#include "test.h"

#include <hokey/radius.h>

#define SECRET "xyzzy5461-hokey-lab-secret"

/* Request Authenticator of the login packets. */
#define LOGIN_RA "0f403f9473978057bd83d5cb98f4227a"

#define LOGIN_REQUEST                                                                              \
	"010700750f403f9473978057bd83d5cb98f4227a50129219caa2e20c65e43e438698a2d7eaa2010f"         \
	"40686f6d652e6578616d706c6520156170312e766973697465642e6578616d706c651f1330322d30"         \
	"302d30302d30302d30302d30314f14020100120140686f6d652e6578616d706c6521045031"
#define LOGIN_REQUEST_MA "9219caa2e20c65e43e438698a2d7eaa2"

#define LOGIN_CHALLENGE                                                                            \
	"0b07004453c2cbb3a7342febeccf770ee46b59455012d98225b0041ef8f362d12fe75e2002cc1812"         \
	"00112233445566778899aabbccddeeff4f08010200060d2021045031"

#define LOGIN_ACCEPT                                                                               \
	"020700b3c67d8211a7c088b7d8e9c7fa8a0eb8cd5012d6aa3cf71ae3485254277373f6dae6894f06"         \
	"030900041a3a00000137113485018faf1e906b359a3471f84cb2105983cb134606ac32a00a4dcb61"         \
	"ed14458678b1b85def2a47baef47a716597fc571f2d01a3a0000013710348502f6a712df595b9603"         \
	"28a2e500267926d92479894c7d4a77889d3661303f7002ddb553739fdcb1c8fd65a2d9d159671914"         \
	"010f40686f6d652e6578616d706c6521045031"

#define LOGIN_REJECT                                                                               \
	"03070030415a6d7575a1fa67ed5ffc2589cd13fd5012a2e817f3cd63926fca3ef24989cf09094f06"         \
	"0409000421045031"

/* With the secret of RADIUS over TLS, "radsec". */
#define RADSEC_REQUEST_MA "6d7c84aed1039410f216499dc0665039"
#define RADSEC_ACCEPT                                                                              \
	"020700b31ae6f0535a78afb048681cf3702b821e5012c5e75f87e3a50d203296db6c1abe6cc34f06"         \
	"030900041a3a00000137113485015e694738bd5722440acefd29aa0eb6698c85a7195e61621fd8dc"         \
	"9541b0c784c117088caa3b4446fe8dea44b611f743c41a3a00000137103485028bc4a6c86bb174a1"         \
	"8d90a5ee27007579008de7a8ab1a6c683376e865ebcb5236dbeda663b8a89f793cee80cd4ad3d874"         \
	"010f40686f6d652e6578616d706c6521045031"
#define DTLS_REQUEST_MA "f333f1e22eaff2b37283a4480636899b"

#define STATUS_RA "8a5412f43e2bb8ac1b6e6f4b1b1d0a11"
#define STATUS_SERVER                                                                              \
	"0c00003a8a5412f43e2bb8ac1b6e6f4b1b1d0a115012ff84aaabe016ea2bdd1a196e0e6484122014"         \
	"65722e766973697465642e6578616d706c65"
#define STATUS_ACCEPT "020000265bbf026b12f6620d379d415630d1f7db501240a44654f8824c7e93993c0446a57161"

#define DISCONNECT_REQUEST                                                                         \
	"2821005d246204680432428a55ad04b17e30553a5012068b510831f40d2a01ce34e782ecabe03706"         \
	"6955b9000406c000020a2c09354633412d3031012264643665383733643263663137666263407669"         \
	"73697465642e6578616d706c65"
#define DISCONNECT_RA "246204680432428a55ad04b17e30553a"
#define DISCONNECT_ACK                                                                             \
	"292100268d0409378df0a05685ab0520bbef8e3050126491ee3523a3ac01cad41acae6663e17"
#define DISCONNECT_NAK                                                                             \
	"2a21002c939459eb89b619b70edc6bd937390944501220dee553872cc25ec37c5b6f7e9293016506"         \
	"000001f7"

#define ACCOUNTING_REQUEST                                                                         \
	"0409003cdb656134383edcda28460adc7a386a682806000000012c09354633412d30312015617031"         \
	"2e766973697465642e6578616d706c6519046331"
#define ACCOUNTING_RA       "db656134383edcda28460adc7a386a68"
#define ACCOUNTING_RESPONSE "05090014d6507dfc671e0099a36d7d70ce5064f4"

/* ERP in a visited domain. */
#define ERP_RA "5b1c0c2ec5a7d8f3194e6a702b8d9f01"
#define ERP_RMSK                                                                                   \
	"2e2b73fd7ec462005d9dd16acd2ee6f71c11456cb629becf8496fb10ff01ec5415a66a628ff055c7"         \
	"65ac773e69b8789163422059956b383596a1373d797bc185"
#define ERP_INITIATE                                                                               \
	"0542003b0220000001203732653630333464376535376531313340766973697465642e6578616d70"         \
	"6c65024cc70428a94bf7b546079a1cb92052a7"
#define ERP_FINISH                                                                                 \
	"064200450220000001203732653630333464376535376531313340766973697465642e6578616d70"         \
	"6c6502000070800300000e1002645ee6afd85ef2b37cd82d65a2d84824"
#define ERP_FAILING_FINISH                                                                         \
	"0642003f0280000001203732653630333464376535376531313340766973697465642e6578616d70"         \
	"6c6505020203023faf4e3595f859b9dfd7f8c0fe4c7203"
#define ERP_REQUEST                                                                                \
	"012100c65b1c0c2ec5a7d8f3194e6a702b8d9f0150128a0926c20529aa869c914d0aff0f78dd0122"         \
	"3732653630333464376535376531313340766973697465642e6578616d706c6520156170322e7669"         \
	"73697465642e6578616d706c651e1930322d30302d30302d30302d30312d30303a686f6b65791f13"         \
	"30322d30302d30302d30302d30302d30314f3d0542003b0220000001203732653630333464376535"         \
	"376531313340766973697465642e6578616d706c65024cc70428a94bf7b546079a1cb92052a7"
#define ERP_ACCEPT                                                                                 \
	"022100fc065ef1e136b61f8ad9860bcd0cea0a525012e4687add0f8233a609b6d04ebb76333a4f47"         \
	"064200450220000001203732653630333464376535376531313340766973697465642e6578616d70"         \
	"6c6502000070800300000e1002645ee6afd85ef2b37cd82d65a2d848241a3a0000013711349101fd"         \
	"133238e68460e3a5854033f35c4c3158c3891fe5ec95f919bc9f1f37f684e498ad6309d0f78e0356"         \
	"68dbebf6126db11a3a0000013710349102693dca5fd9772ed7c194bfd29388c8b9054b64995e9883"         \
	"70ecb293f4b4497323642b07258be420bdefdf469c3e849390010f40686f6d652e6578616d706c65"         \
	"1b0600000e101d0600000001"
#define ERP_REJECT                                                                                 \
	"032100677bb1013858b3c2649a06cd951930e5af501273da974b5536f3e2498c96dd5a7e75444f41"         \
	"0642003f0280000001203732653630333464376535376531313340766973697465642e6578616d70"         \
	"6c6505020203023faf4e3595f859b9dfd7f8c0fe4c7203"

static inline struct hk_radius_secret make_secret(const char *text)
{
	struct hk_radius_secret s;

	assert_ok(hk_radius_secret_set(&s, hk_text(text)));
	return s;
}

/* A packet in memory of its own length, so that a read past its end is seen. */
struct packet {
	uint8_t *data;
	struct hk_radius view;
};

static inline struct packet packet_from(const char *text)
{
	struct packet p;
	size_t n = strlen(text) / 2;

	p.data = malloc(n);
	hex(p.data, n, text);
	assert_ok(hk_radius_parse(hk_bytes(p.data, n), &p.view));
	return p;
}

#endif
