import static io.grpc.Status.Code.*;
import static java.util.concurrent.TimeUnit.*;

import io.grpc.ManagedChannelBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.siohub.hub.v1.*;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

/** Lets every browser in, and answers `echo` with what it said. One object holds one stream. */
final class BareService implements StreamObserver<AttachResponse> {
  static final Hello HELLO = Hello.newBuilder().setGroup("bare").setInstanceId(UUID.randomUUID().toString())
      .addSubscriptions(Subscription.newBuilder().setRole(Role.ROLE_AUTHORIZER).setNamespace("/"))
      .addSubscriptions(Subscription.newBuilder().setRole(Role.ROLE_HANDLER).setNamespace("/").addEvents("echo")).build();
  static final Set<io.grpc.Status.Code> FINAL = // UNAUTHENTICATED too, because there is no other credential
      Set.of(INVALID_ARGUMENT, FAILED_PRECONDITION, PERMISSION_DENIED, UNIMPLEMENTED, ABORTED, UNAUTHENTICATED);

  final CompletableFuture<io.grpc.Status> end = new CompletableFuture<>();
  ClientCallStreamObserver<AttachRequest> stream;
  volatile long beat = SECONDS.toNanos(1); // until the welcome says how often
  volatile long deadline = System.nanoTime() + SECONDS.toNanos(10); // of the welcome, then of the next envelope

  public static void main(String[] args) throws Exception {
    var channel = ManagedChannelBuilder.forTarget(args[0]).usePlaintext().build();
    for (double limit = 100; ; limit = Math.min(2 * limit, 10_000)) {
      channel.resetConnectBackoff(); // gRPC's own would grow to two minutes
      var begun = System.nanoTime();
      var service = new BareService();
      var status = service.attach(AttachServiceGrpc.newStub(channel));
      System.err.println("stream ended: " + status.getCode() + " " + status.getDescription());
      if (FINAL.contains(status.getCode())) System.exit(1);
      if (System.nanoTime() - begun >= service.beat) limit = 100;
      Thread.sleep((long) (Math.random() * limit));
    }
  }

  io.grpc.Status attach(AttachServiceGrpc.AttachServiceStub hub) throws Exception {
    stream = (ClientCallStreamObserver<AttachRequest>) hub.attach(this);
    send(Action.newBuilder().setHello(HELLO));
    while (true) {
      try {
        return end.get(beat, NANOSECONDS);
      } catch (TimeoutException notEnded) {
        if (System.nanoTime() - deadline > 0) stream.cancel("the hub is silent", null);
        else send(Action.newBuilder().setHeartbeat(Heartbeat.getDefaultInstance()));
      }
    }
  }

  @Override public void onNext(AttachResponse envelope) {
    for (var item : envelope.getItemsList()) {
      if (item.hasWelcome()) {
        var interval = item.getWelcome().getHeartbeatInterval();
        beat = SECONDS.toNanos(interval.getSeconds()) + interval.getNanos();
        System.err.println("attached to hub " + item.getWelcome().getHubId());
      } else if (item.hasDelivery()) {
        send(Action.newBuilder().setSettlement(settle(item.getDelivery())));
      } else if (!item.hasHeartbeat()) { // such as a refusal, a notice, the reason of an end: nothing that wants an answer
        System.err.println("hub: " + item);
      }
    }
    deadline = System.nanoTime() + 3 * beat;
  }

  Settlement.Builder settle(Delivery delivery) {
    var settlement = Settlement.newBuilder().setDeliverySeq(delivery.getDeliverySeq());
    return switch (delivery.getBodyCase()) {
      case CONNECT_ATTEMPT -> settlement.setAccept(Accept.getDefaultInstance());
      case CONNECTED, DISCONNECTED -> settlement.setDone(Done.getDefaultInstance());
      case EVENT -> settlement.setReply(Reply.newBuilder().setPayload(delivery.getEvent().getPayload()));
      default -> settlement.setNack(Nack.newBuilder().setStatus(Status.newBuilder().setCode(Code.CODE_UNIMPLEMENTED)));
    };
  }

  synchronized void send(Action.Builder action) { // a stream is not safe for concurrent use
    stream.onNext(AttachRequest.newBuilder().addActions(action).build());
  }

  @Override public void onError(Throwable error) { end.complete(io.grpc.Status.fromThrowable(error)); }

  @Override public void onCompleted() { end.complete(io.grpc.Status.OK); }
}
