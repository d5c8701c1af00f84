package envelope

import "google.golang.org/protobuf/encoding/protowire"

// Tags of the hot messages: field number and wire type, one byte each.
const (
	tagEnvelopeSeq = 1<<3 | byte(protowire.VarintType)
	tagAckSeq      = 2<<3 | byte(protowire.VarintType)
	tagEntry       = 3<<3 | byte(protowire.BytesType) // Items, Actions

	tagItemDelivery     = 2<<3 | byte(protowire.BytesType)
	tagActionSettlement = 2<<3 | byte(protowire.BytesType)

	tagDeliverySeq          = 1<<3 | byte(protowire.VarintType) // of Delivery and Settlement
	tagDeliveryDedupe       = 2<<3 | byte(protowire.BytesType)
	tagDeliveryTry          = 3<<3 | byte(protowire.VarintType)
	tagDeliverySocket       = 4<<3 | byte(protowire.BytesType)
	tagDeliveryTimeout      = 5<<3 | byte(protowire.BytesType)
	tagDeliverySubscription = 6<<3 | byte(protowire.VarintType)
	tagDeliveryParent       = 7<<3 | byte(protowire.BytesType)
	tagDeliveryState        = 8<<3 | byte(protowire.BytesType)
	tagDeliveryEvent        = 12<<3 | byte(protowire.BytesType)

	tagSocketID        = 1<<3 | byte(protowire.BytesType)
	tagSocketNamespace = 2<<3 | byte(protowire.BytesType)
	tagSocketUser      = 3<<3 | byte(protowire.BytesType)
	tagSocketData      = 4<<3 | byte(protowire.BytesType)
	tagSocketVersion   = 5<<3 | byte(protowire.VarintType)
	tagSocketHub       = 6<<3 | byte(protowire.BytesType)
	tagSocketTransport = 7<<3 | byte(protowire.BytesType)
	tagSocketClient    = 8<<3 | byte(protowire.BytesType)

	tagEventName     = 1<<3 | byte(protowire.BytesType)
	tagEventPayload  = 2<<3 | byte(protowire.BytesType)
	tagEventWantsAck = 3<<3 | byte(protowire.VarintType)
	tagEventTime     = 4<<3 | byte(protowire.BytesType)

	// Timestamp and Duration have the same fields.
	tagTimeSeconds = 1<<3 | byte(protowire.VarintType)
	tagTimeNanos   = 2<<3 | byte(protowire.VarintType)

	tagPayloadArgs       = 1<<3 | byte(protowire.BytesType)
	tagPayloadAttachment = 2<<3 | byte(protowire.BytesType)

	tagSettlementDone  = 2<<3 | byte(protowire.BytesType)
	tagSettlementReply = 3<<3 | byte(protowire.BytesType)

	tagActionCommand = 3<<3 | byte(protowire.BytesType)

	tagCommandID       = 1<<3 | byte(protowire.VarintType)
	tagCommandDelivery = 2<<3 | byte(protowire.VarintType)
	tagCommandEmit     = 10<<3 | byte(protowire.BytesType)

	tagEmitTarget     = 1<<3 | byte(protowire.BytesType)
	tagEmitEvent      = 2<<3 | byte(protowire.BytesType)
	tagEmitPayload    = 3<<3 | byte(protowire.BytesType)
	tagEmitVolatile   = 4<<3 | byte(protowire.VarintType)
	tagEmitNoCompress = 5<<3 | byte(protowire.VarintType)

	tagTargetNamespace = 1<<3 | byte(protowire.BytesType)
	tagTargetSocket    = 2<<3 | byte(protowire.BytesType)
	tagTargetRoom      = 3<<3 | byte(protowire.BytesType)
	tagTargetUser      = 4<<3 | byte(protowire.BytesType)
	tagTargetAll       = 5<<3 | byte(protowire.VarintType)

	tagDoneAckLater = 1<<3 | byte(protowire.VarintType)
	tagReplyPayload = 1<<3 | byte(protowire.BytesType)
)
