import io.socket.client.Ack;
import io.socket.client.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A socket, and what it has heard. */
final class Joined {
  final Socket socket;
  private final Map<String, BlockingQueue<Object[]>> queues;

  Joined(Socket socket) {
    this.socket = socket;
    queues = Stream.of("connect", "connect_error", "error", "disconnect", "welcome", "said", "told")
        .collect(Collectors.toMap(event -> event, event -> new LinkedBlockingQueue<>()));
    queues.forEach((event, queue) -> socket.on(event, queue::add));
  }

  /** The arguments of the next such event. */
  Object[] heard(String event) throws Exception {
    return next(queues.get(event), event);
  }

  /** The first arguments of all such events until now. */
  Object[] all(String event) {
    List<Object[]> all = new ArrayList<>();
    queues.get(event).drainTo(all);
    return all.stream().map(args -> args[0]).toArray();
  }

  void connected() throws Exception {
    heard("connect");
  }

  /** What it is refused with; clients 1 say error where those of today say connect_error. */
  Object refused() throws Exception {
    BlockingQueue<Object[]> refusals = new LinkedBlockingQueue<>();
    for (String event : new String[] {"connect_error", "error"}) {
      socket.on(event, refusals::add);
      queues.get(event).drainTo(refusals);
    }
    return next(refusals, "refusal")[0];
  }

  /** Goes to the service and back without an acknowledgement. */
  void said(Object... args) throws Exception {
    socket.emit("say", args);
    Plain.equal(heard("said"), args);
  }

  Object[] asked(String event, Object... args) throws Exception {
    BlockingQueue<Object[]> answers = new LinkedBlockingQueue<>();
    socket.emit(event, args, (Ack) answers::add);
    return next(answers, "acknowledgement of " + event);
  }

  /** What an event is acknowledged with, made from its first argument. */
  interface Answer {
    Object[] to(Object question) throws Exception;
  }

  void answer(String event, Answer answer) {
    socket.on(event, args -> {
      try {
        ((Ack) args[args.length - 1]).call(answer.to(args[0]));
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    });
  }

  private static Object[] next(BlockingQueue<Object[]> queue, String what) throws Exception {
    Object[] args = queue.poll(Client.MOST_TIME, TimeUnit.SECONDS);
    if (args == null) {
      throw new TimeoutException("no " + what);
    }
    return args;
  }
}
