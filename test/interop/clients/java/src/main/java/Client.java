import io.socket.client.IO;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.json.JSONArray;
import org.json.JSONObject;

/** io.socket:socket.io-client, in the version that is on the class path: java Client PLAN. */
final class Client {
  private static final String WORDS = "grüße 🌍 \u2028\"\\\n\n:";
  static final int MOST_TIME = 40; // seconds for a step

  private interface Step {
    void take(Visit visit) throws Exception;
  }

  private static final Map<String, Step> STEPS = new LinkedHashMap<>();

  static {
    STEPS.put("auth", Client::auth);
    STEPS.put("refusal", Client::refusal);
    STEPS.put("text", Client::text);
    STEPS.put("binary", Client::binary);
    STEPS.put("acks", Client::acks);
    STEPS.put("namespaces", Client::namespaces);
    STEPS.put("rooms", Client::rooms);
    STEPS.put("heartbeat", Client::heartbeat);
    STEPS.put("reconnect", Client::reconnect);
  }

  public static void main(String[] args) throws Exception {
    JSONObject plan = new JSONObject(args[0]);
    Path jar = Path.of(IO.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    System.out.println("client io.socket:socket.io-client " + jar.getFileName().toString().replaceAll("^socket\\.io-client-|\\.jar$", ""));
    ExecutorService thread = Executors.newCachedThreadPool();
    JSONArray steps = plan.getJSONArray("steps");
    for (int i = 0; i < steps.length(); i++) {
      String name = steps.getString(i);
      Visit visit = new Visit(plan);
      Future<Void> done = thread.submit((Callable<Void>) () -> {
        STEPS.get(name).take(visit);
        return null;
      });
      try {
        done.get(MOST_TIME, TimeUnit.SECONDS);
        System.out.println("ok " + name);
      } catch (Exception e) {
        System.out.println("not ok " + name + ": " + String.valueOf(e.getCause() != null ? e.getCause() : e).replace('\n', ' '));
      } finally {
        visit.end();
      }
    }
    System.exit(0); // whatever a client may still wait for
  }

  private static void auth(Visit visit) throws Exception {
    Joined socket = visit.join();
    Object[] welcome = socket.heard("welcome");
    Plain.equal(new Object[] {welcome[0], welcome[1]}, visit.user, visit.transports[0]);
  }

  private static void refusal(Visit visit) throws Exception {
    String message = "that is not the word";
    if (visit.query) { // clients 1 take a refusal with data for a packet that is none
      Joined socket = visit.enter(visit.manager(), "/mirror", Map.of("token", "mute"));
      Plain.equal(new Object[] {socket.refused()}, message);
      return;
    }
    JSONObject no = (JSONObject) visit.enter(visit.manager(), "/mirror", Map.of("token", "wrong")).refused();
    Plain.equal(new Object[] {no.get("message"), no.get("data")}, message, new JSONObject().put("code", "WRONG").put("tries", 3));
  }

  private static void text(Visit visit) throws Exception {
    Joined socket = visit.join();
    JSONObject value = new JSONObject().put("words", WORDS).put("deep", new JSONObject().put("a", new JSONObject()))
        .put("list", new JSONArray().put(1).put(-2.5).put(JSONObject.NULL).put(new JSONArray()).put(true));
    socket.said(WORDS);
    socket.said(value, "and");
    socket.said(WORDS.repeat(2000));
  }

  private static void binary(Visit visit) throws Exception {
    Joined socket = visit.join();
    byte[] bytes = {0, -1, 30, 58, -128};
    byte[] big = new byte[100_000];
    for (int i = 0; i < big.length; i++) {
      big[i] = (byte) (i % 251);
    }
    socket.said((Object) bytes);
    JSONArray list = new JSONArray().put(bytes).put(WORDS);
    socket.said(new JSONObject().put("file", new JSONObject().put("bytes", bytes).put("list", list)), WORDS, new byte[] {7});
    socket.said((Object) big);
  }

  private static void acks(Visit visit) throws Exception {
    Joined socket = visit.join();
    byte[] bytes = {0, -1, 30};
    socket.answer("question", question -> new Object[] {new JSONObject().put("to", question), bytes});
    Plain.equal(socket.asked("echo", WORDS, 2), WORDS, 2);
    Plain.equal(socket.asked("echo", new JSONObject().put("bytes", bytes), WORDS), new JSONObject().put("bytes", bytes), WORDS);
    Plain.equal(socket.asked("ask", "why?"), new JSONObject().put("to", "why?"), bytes);
    Plain.equal(socket.asked("ask", (Object) bytes), new JSONObject().put("to", bytes), bytes);
  }

  private static void namespaces(Visit visit) throws Exception {
    var manager = visit.manager();
    Joined main = visit.enter(manager, "/", Map.of());
    main.connected();
    Joined other = visit.enter(manager, "/mirror", Map.of());
    other.connected();
    Plain.differ(main.socket.id(), other.socket.id());
    Plain.equal(main.asked("echo", 1), 1);
    Plain.equal(other.asked("echo", 2), 2);
    other.socket.close();
    Plain.equal(main.asked("echo", 3), 3);
  }

  private static void rooms(Visit visit) throws Exception {
    String room = WORDS + visit.user;
    Joined a = visit.join();
    Joined b = visit.join();
    Joined c = visit.join();
    Plain.equal(a.asked("join", room), room);
    Plain.equal(b.asked("join", room), room);
    Plain.equal(c.asked("tell", room, "", "both"), 2);
    b.asked("leave", room);
    Plain.equal(c.asked("tell", room, "", WORDS), 1);
    for (Joined one : new Joined[] {a, b, c}) {
      one.asked("echo", 0); // behind what was told
    }
    Plain.equal(a.all("told"), "both", WORDS);
    Plain.equal(b.all("told"), "both");
    Plain.equal(c.all("told"));
  }

  private static void heartbeat(Visit visit) throws Exception {
    Joined socket = visit.join();
    String id = socket.socket.id();
    socket.asked("rest");
    Plain.equal(socket.all("disconnect"));
    Plain.equal(new Object[] {socket.socket.id()}, id);
  }

  private static void reconnect(Visit visit) throws Exception {
    Joined socket = visit.join();
    String id = socket.socket.id();
    socket.socket.emit("cut", "nobody");
    socket.heard("disconnect");
    socket.connected();
    Plain.differ(socket.socket.id(), id);
    Plain.equal(socket.asked("echo", WORDS), WORDS);
  }
}
