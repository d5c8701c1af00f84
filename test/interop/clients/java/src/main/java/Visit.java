import io.socket.client.IO;
import io.socket.client.Manager;
import io.socket.engineio.client.Transport;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.json.JSONObject;

/** The connections of one step. */
final class Visit {
  private static final Map<String, String[]> TRANSPORTS = Map.of(
      "polling", new String[] {"polling"}, "websocket", new String[] {"websocket"}, "upgrade", new String[] {"polling", "websocket"});

  final String user;
  final String[] transports;
  final boolean query;
  private final URI url;
  private final List<Joined> sockets = new ArrayList<>();

  Visit(JSONObject plan) throws Exception {
    url = new URI(plan.getString("url"));
    user = plan.getString("user");
    transports = TRANSPORTS.get(plan.getString("transport"));
    query = plan.getBoolean("query");
  }

  /** A connection, which may carry several namespaces. */
  Manager manager() throws Exception {
    return new Manager(url, options(Map.of()));
  }

  /** Begins to enter a namespace. */
  Joined enter(Manager manager, String namespace, Map<String, String> auth) throws Exception {
    Joined joined = new Joined(manager.socket(namespace, options(auth)));
    joined.socket.connect();
    sockets.add(joined);
    return joined;
  }

  /** A socket that is in, and over the last of its transports. */
  Joined join() throws Exception {
    Manager manager = manager();
    CountDownLatch last = new CountDownLatch(1);
    manager.on(Manager.EVENT_TRANSPORT, args -> {
      if (((Transport) args[0]).name.equals(transports[transports.length - 1])) {
        last.countDown();
      }
    });
    Joined joined = enter(manager, "/mirror", Map.of());
    joined.connected();
    if (!last.await(Client.MOST_TIME, TimeUnit.SECONDS)) {
      throw new TimeoutException("no upgrade");
    }
    return joined;
  }

  void end() {
    for (Joined joined : sockets) {
      joined.socket.io().reconnection(false);
      joined.socket.close();
    }
  }

  private IO.Options options(Map<String, String> more) throws Exception {
    Map<String, String> auth = new TreeMap<>(more);
    auth.put("user", user);
    IO.Options options = new IO.Options();
    options.transports = transports;
    options.reconnectionDelay = 1;
    options.reconnectionDelayMax = 20;
    options.randomizationFactor = 0;
    if (query) {
      options.query = auth.entrySet().stream()
          .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8)).collect(Collectors.joining("&"));
    } else {
      IO.Options.class.getField("auth").set(options, auth); // which clients 1 do not have
    }
    return options;
  }
}
